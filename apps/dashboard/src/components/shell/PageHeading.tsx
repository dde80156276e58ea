import { type ReactNode, type RefObject, useEffect, useRef } from "react"

let isFirstPage = true

interface Props {
  title: string
  description?: ReactNode
  ref?: RefObject<HTMLHeadingElement | null>
}

/** The heading of a page, which also sets the window title. On navigation, it is focused so that it is announced. */
export function PageHeading({ title, description, ref }: Props) {
  const ownRef = useRef<HTMLHeadingElement>(null)
  const heading = ref ?? ownRef
  useEffect(() => {
    document.title = `${title} · Latchkey`
    if (!isFirstPage) heading.current?.focus()
    isFirstPage = false
  }, [title, heading])
  return (
    <div className="min-w-0">
      <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight">
        {title}
      </h1>
      {description && <p className="mt-1 text-muted">{description}</p>}
    </div>
  )
}
