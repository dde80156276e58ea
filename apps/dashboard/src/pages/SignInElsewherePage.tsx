import { buttonClass } from "../components/Button.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { Card, Plate } from "../components/shell/Plate.tsx"
import { product, settings } from "../settings.ts"

/** Shown to users who are not signed in, if the dashboard has no sign-in of its own. */
export function SignInElsewherePage() {
  return (
    <Plate>
      <Card>{settings.signIn === "host" ? <AtHost /> : <Nowhere />}</Card>
    </Plate>
  )
}

const AtHost = () => (
  <>
    <PageHeading
      title={`Sign in to ${product.name}`}
      description={`You are not signed in, and this page has no sign-in of its own. Sign in to ${product.name} first. This page shows your API keys as soon as you come back.`}
    />
    <div className="mt-5 grid">
      <a href="/" className={buttonClass({ kind: "primary" })}>
        <span className="truncate">Go to {product.name}</span>
      </a>
    </div>
  </>
)

const Nowhere = () => (
  <PageHeading
    title="Nobody can sign in here"
    description="This server has no accounts of its own, so this page can’t show any keys. Users manage their keys in the product that uses this server. Its operator can find out more under “Dashboard” in Latchkey’s documentation."
  />
)
