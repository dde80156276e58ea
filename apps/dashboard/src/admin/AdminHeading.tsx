import type { RefObject } from "react"
import { Link, useRoute } from "wouter"
import { PageHeading } from "../components/shell/PageHeading.tsx"

interface Props {
  title: string
  description: string
  ref?: RefObject<HTMLHeadingElement | null>
}

/** The title of an administration page, with links to all of them. */
export function AdminHeading({ title, description, ref }: Props) {
  return (
    <div className="mb-6">
      <p className="text-sm font-medium text-muted">Administration</p>
      <PageHeading {...(ref && { ref })} title={title} description={description} />
      <nav aria-label="Administration" className="mt-4 flex flex-wrap gap-1 sm:gap-2">
        <NavLink href="/admin">Users</NavLink>
        <NavLink href="/admin/keys">Keys</NavLink>
        <NavLink href="/admin/incident">Incident</NavLink>
        <NavLink href="/admin/import">Import</NavLink>
      </nav>
    </div>
  )
}

function NavLink({ href, children }: { href: string; children: string }) {
  const [isCurrent] = useRoute(href)
  return (
    <Link
      href={href}
      aria-current={isCurrent ? "page" : undefined}
      className={`inline-flex h-9 items-center rounded-lg px-3 text-sm font-medium ${
        isCurrent ? "bg-sunken text-ink" : "text-muted hover:bg-sunken hover:text-ink"
      }`}
    >
      {children}
    </Link>
  )
}
