import { ApiKeys } from "@latchkey/react"
import { createRoot } from "react-dom/client"
import "@latchkey/react/styles.css"

const SCOPES = [
  { name: "reports:read", description: "List your organization’s reports" },
  { name: "reports:write", description: "Publish reports" },
]

// Tidewater's own cookie says for which organization, and whether the member may change its keys.
const root = document.getElementById("api-keys")
const strings = {
  intro: `Keys belong to ${root.dataset.organization}, not to the person who creates them. They call Tidewater’s API.`,
  readOnly: `These keys belong to ${root.dataset.organization}. Ask an editor to change them.`,
}

createRoot(root).render(
  <ApiKeys
    baseUrl="/latchkey"
    apiUrl={`${location.origin}/trpc/reports.list`}
    variable="TIDEWATER_API_KEY"
    scopes={SCOPES}
    strings={strings}
    headingLevel={1}
  />,
)
