import { Link } from "wouter"
import { buttonClass } from "../components/Button.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"

export function NotFoundPage() {
  return (
    <div className="mx-auto grid max-w-md justify-items-center gap-6 py-16 text-center">
      <PageHeading title="Page not found" description="There is no page at this address." />
      <Link href="/" className={buttonClass({ kind: "primary" })}>
        Go to your API keys
      </Link>
    </div>
  )
}
