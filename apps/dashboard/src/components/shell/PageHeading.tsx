import { type ReactNode, type RefObject, useEffect, useRef } from "react"
import { product } from "../../settings.ts"

let isFirstPage = true

interface Props {
  title: string
  description?: ReactNode
  ref?: RefObject<HTMLHeadingElement | null>
}

/**
 * The heading of a page. It sets the window title, and takes the focus on navigation, so that screen readers announce
 * it.
 */
export function PageHeading({ title, description, ref }: Props) {
  const ownRef = useRef<HTMLHeadingElement>(null)
  const heading = ref ?? ownRef
  usePageTitle(title, () => heading.current)
  return (
    <div className="min-w-0">
      <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight">
        {title}
      </h1>
      {description && <p className="mt-1 text-muted">{description}</p>}
    </div>
  )
}

/** Sets the window title, and focuses the heading of a page that the user has navigated to. */
export function usePageTitle(title: string, findHeading: () => HTMLElement | null | undefined) {
  const latest = useRef(findHeading)
  useEffect(() => {
    document.title = `${title} · ${product.name}`
    if (!isFirstPage) latest.current()?.focus()
    isFirstPage = false
  }, [title])
}
