import { Link } from "wouter"
import { buttonClass } from "../components/Button.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"

/** Replaces the administration pages for administrators who lack the required second factor. */
export const SecondFactorNeeded = () => (
  <div className="grid max-w-xl justify-items-start gap-5">
    <PageHeading
      title="Set up a second factor first"
      description="Administrators need a second factor on this server. These pages open as soon as you have set it up. Until then, you can use your own keys."
    />
    <Link href="/account" className={buttonClass({ kind: "primary" })}>
      Go to your account
    </Link>
  </div>
)
