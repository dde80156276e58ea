import { type ReactNode, type RefObject, useEffect, useRef } from "react"

let isFirstPage = true

interface Props {
  title: string
  description?: ReactNode
  ref?: RefObject<HTMLHeadingElement | null>
}

/** A page's title, in the window's as well; after a change of page it has the focus, so that it is read out. */
export function PageHeading({ title, description, ref }: Props) {
  const own = useRef<HTMLHeadingElement>(null)
  const heading = ref ?? own
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
