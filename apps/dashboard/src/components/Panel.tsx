import { type ReactNode, type RefObject, useId } from "react"

interface Props {
  title: string
  description?: ReactNode
  action?: ReactNode
  /** Makes the heading focusable, for when a focused button disappears. */
  headingRef?: RefObject<HTMLHeadingElement | null>
  children: ReactNode
}

/** A section of a page with a heading. */
export function Panel({ title, description, action, headingRef, children }: Props) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="rounded-xl border border-line bg-surface">
      <div className="flex flex-wrap items-start justify-between gap-3 px-4 pt-4 sm:px-6 sm:pt-5">
        <div className="min-w-0">
          <h2 id={id} {...(headingRef && { ref: headingRef, tabIndex: -1 })} className="font-semibold">
            {title}
          </h2>
          {description && <p className="mt-0.5 text-sm text-muted">{description}</p>}
        </div>
        {action}
      </div>
      <div className="px-4 pt-4 pb-4 sm:px-6 sm:pb-6">{children}</div>
    </section>
  )
}
