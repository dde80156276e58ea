import { StrictMode, useEffect, useState } from "react"
import { createRoot, hydrateRoot } from "react-dom/client"
import { ApiKeys, readView, writeView } from "../src/index.ts"
import { pseudoStrings } from "./pseudoStrings.ts"
import { Settings } from "./Settings.tsx"

// A page of a product. Its query configures the component; the fragment contains the view.
const params = new URLSearchParams(location.search)
const viewInUrl = () => readView(location.hash.slice(1))

/** As a page gets an owner token from its backend. */
async function fetchToken(organization: string | null, rejected?: string) {
  const query = new URLSearchParams({ rejected: `${rejected !== undefined}` })
  if (organization !== null) query.set("organization", organization)
  return (await fetch(`/token?${query}`, { method: "POST" })).text()
}

function Page() {
  const [view, setView] = useState(viewInUrl)
  const [organization, setOrganization] = useState(params.get("organization"))
  useEffect(() => {
    const follow = () => setView(viewInUrl())
    const change = (event: Event) => setOrganization((event as CustomEvent<string>).detail)
    addEventListener("popstate", follow)
    addEventListener("organization", change)
    return () => {
      removeEventListener("popstate", follow)
      removeEventListener("organization", change)
    }
  }, [])
  return (
    <ApiKeys
      baseUrl="/latchkey"
      headingLevel={1}
      view={view}
      onViewChange={(next, { replace }) => {
        setView(next)
        history[replace ? "replaceState" : "pushState"](null, "", `#${writeView(next).slice(1)}`)
      }}
      apiUrl={params.get("apiUrl") ?? undefined}
      headers={organization === null ? undefined : { "X-Organization": organization }}
      getToken={params.has("token") ? (rejected) => fetchToken(organization, rejected) : undefined}
      readOnly={params.has("readOnly")}
      scopes={
        params.has("noScopes")
          ? []
          : [
              { name: "reports:read", description: "See all reports" },
              { name: "reports:write", description: "Publish and delete reports" },
            ]
      }
      {...(params.has("pseudo") && { strings: pseudoStrings, locale: "ar-EG" })}
    />
  )
}

const root = document.getElementById("root")
if (!root) throw new TypeError("the page has no #root")
if (root.hasChildNodes()) hydrateRoot(root, <Settings />)
else {
  createRoot(params.has("shadow") ? root.attachShadow({ mode: "open" }) : root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  )
}
