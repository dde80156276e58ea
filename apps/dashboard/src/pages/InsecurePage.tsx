import { PageHeading } from "../components/PageHeading.tsx"
import { Plate } from "../components/Plate.tsx"

/** Over plain http a browser keeps no `Secure` cookie, and everyone on the way could read the keys. */
export function InsecurePage() {
  return (
    <Plate>
      <PageHeading
        title="Open this page over HTTPS"
        description="Over plain HTTP everyone on the way could read your keys. HTTPS works, and so does http://localhost on the server’s own machine."
      />
    </Plate>
  )
}
