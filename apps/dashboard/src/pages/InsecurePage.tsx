import { PageHeading } from "../components/shell/PageHeading.tsx"
import { Plate } from "../components/shell/Plate.tsx"

/** Shown over plain http, where browsers don't store `Secure` cookies and keys would be exposed on the network. */
export function InsecurePage() {
  return (
    <Plate>
      <PageHeading
        title="Open this page over HTTPS"
        description="Plain HTTP would expose your keys on the network. Use HTTPS, or http://localhost on the server’s own machine."
      />
    </Plate>
  )
}
