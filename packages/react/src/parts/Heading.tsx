import type { ReactNode } from "react"
import { useApp } from "../app.ts"

/** The heading of what is shown, which takes the focus when that changes. */
export function Heading({ children }: { children: ReactNode }) {
  const Level = `h${useApp().headingLevel}` as const
  return (
    <Level data-part="heading" tabIndex={-1}>
      {children}
    </Level>
  )
}

/** A heading one or two levels below. */
export function SubHeading({ children, id }: { children: ReactNode; id?: string }) {
  const Level = `h${Math.min(6, useApp().headingLevel + 1)}` as "h2" | "h3" | "h4"
  return (
    <Level data-part="subheading" id={id}>
      {children}
    </Level>
  )
}
