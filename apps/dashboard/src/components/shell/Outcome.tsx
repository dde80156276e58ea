import type { ReactNode } from "react"
import { Link } from "wouter"
import { buttonClass } from "../Button.tsx"
import { PageHeading } from "./PageHeading.tsx"

interface Props {
  title: string
  description: ReactNode
  /** The target of the link. */
  href: string
  button: string
}

/** A result, with a link to the next page. */
export const Outcome = ({ title, description, href, button }: Props) => (
  <>
    <PageHeading title={title} description={description} />
    <div className="mt-5 grid">
      <Link href={href} className={buttonClass({ kind: "primary" })}>
        {button}
      </Link>
    </div>
  </>
)
