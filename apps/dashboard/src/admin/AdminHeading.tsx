import type { RefObject } from "react"
import { Link, useRoute } from "wouter"
import { PageHeading } from "../components/PageHeading.tsx"

interface Props {
  title: string
  description: string
  ref: RefObject<HTMLHeadingElement | null>
}

/** A page of administration's title, and the way to the other. */
export function AdminHeading({ title, description, ref }: Props) {
  return (
    <div className="mb-6">
      <p className="text-sm font-medium text-muted">Administration</p>
      <PageHeading ref={ref} title={title} description={description} />
      <nav aria-label="Administration" className="mt-4 flex gap-2">
        <Choice href="/admin">Users</Choice>
        <Choice href="/admin/keys">Keys</Choice>
      </nav>
    </div>
  )
}

function Choice({ href, children }: { href: string; children: string }) {
  const [isHere] = useRoute(href)
  return (
    <Link
      href={href}
      aria-current={isHere ? "page" : undefined}
      className={`inline-flex h-9 items-center rounded-lg px-3 text-sm font-medium ${
        isHere ? "bg-sunken text-ink" : "text-muted hover:bg-sunken hover:text-ink"
      }`}
    >
      {children}
    </Link>
  )
}
