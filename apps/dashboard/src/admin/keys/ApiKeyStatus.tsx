import type { ApiKey } from "@latchkey/sdk"
import { Badge } from "../../components/Badge.tsx"
import { RelativeTime } from "../../components/RelativeTime.tsx"

export const isExpired = ({ expiresAt }: ApiKey) => expiresAt !== null && expiresAt.getTime() <= Date.now()

export function ApiKeyStatus({ apiKey }: { apiKey: ApiKey }) {
  if (apiKey.revokedAt) return <Badge kind="off">Revoked</Badge>
  if (isExpired(apiKey)) return <Badge kind="off">Expired</Badge>
  if (apiKey.disabled) return <Badge kind="off">Disabled</Badge>
  if (!apiKey.expiresAt) return <Badge kind="ok">Active</Badge>
  return (
    <>
      <Badge kind="ok">Active</Badge>
      <span className="mt-1 block text-xs text-muted">
        Expires <RelativeTime time={apiKey.expiresAt} kind="end" />
      </span>
    </>
  )
}
