import { ApiKeys, type ApiKeysView, readView, writeView } from "@latchkey/react"
import { useRef, useState } from "react"
import { useLocation, useParams, useSearch } from "wouter"
import { apiUrl, basePath } from "../apiUrl.ts"
import { usePageTitle } from "../components/shell/PageHeading.tsx"
import { createGetAccessToken, endSession } from "../session/session.ts"
import { product, settings } from "../settings.ts"

/** The user's keys, in the component that products embed in their own pages. The URL contains the view. */
export function ApiKeysPage() {
  const [, navigate] = useLocation()
  const search = useSearch()
  const { id = null } = useParams<{ id?: string }>()
  const [getToken] = useState(createGetAccessToken)
  const page = useRef<HTMLDivElement>(null)
  usePageTitle("API keys", () => page.current?.querySelector<HTMLElement>("[data-part=heading]"))
  const view: ApiKeysView = { ...readView(search), apiKeyId: id }
  const pathOf = ({ apiKeyId, ...list }: ApiKeysView) =>
    (apiKeyId === null ? "/" : `/keys/${apiKeyId}`) + writeView({ ...list, apiKeyId: null })
  return (
    <div ref={page}>
      <ApiKeys
        baseUrl={apiUrl}
        headingLevel={1}
        apiUrl={product.apiUrl}
        getToken={settings.signIn === "password" ? getToken : undefined}
        onUnauthenticated={endSession}
        view={view}
        onViewChange={(next, options) => navigate(pathOf(next), options)}
        hrefOf={(apiKeyId) => basePath + pathOf({ ...view, apiKeyId })}
      />
    </div>
  )
}
