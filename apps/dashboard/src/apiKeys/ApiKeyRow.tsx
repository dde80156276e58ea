import type { ApiKey } from "@latchkey/sdk"
import { Badge } from "../components/Badge.tsx"
import { Button } from "../components/Button.tsx"
import { RelativeTime } from "../components/RelativeTime.tsx"

export const cellClass = "h-18 border-t border-line px-4 py-3 align-middle"

export function ApiKeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: (apiKey: ApiKey) => void }) {
  const isOver = apiKey.revokedAt !== null || isExpired(apiKey)
  return (
    <tr className={isOver ? "text-muted" : undefined}>
      <th scope="row" className={`${cellClass} font-normal`}>
        <span
          className={`line-clamp-2 font-medium wrap-anywhere ${isOver ? "" : "text-ink"}`}
          title={apiKey.label}
        >
          {apiKey.label}
        </span>
        <code className="text-sm text-muted">{apiKey.start}…</code>
        <span className="mt-1 block text-sm text-muted md:hidden">
          Created <RelativeTime time={apiKey.createdAt} />
          <br />
          {apiKey.lastUsedAt ? (
            <>
              Last used <RelativeTime time={apiKey.lastUsedAt} />
            </>
          ) : (
            "Never used"
          )}
        </span>
        <span className="mt-1.5 block sm:hidden">
          <Status apiKey={apiKey} />
        </span>
      </th>
      <td className={`${cellClass} text-sm text-muted max-md:hidden`}>
        <RelativeTime time={apiKey.createdAt} />
      </td>
      <td className={`${cellClass} text-sm text-muted max-md:hidden`}>
        {apiKey.lastUsedAt ? <RelativeTime time={apiKey.lastUsedAt} /> : "Never"}
      </td>
      <td className={`${cellClass} max-sm:hidden`}>
        <Status apiKey={apiKey} />
      </td>
      <td className={`${cellClass} text-right`}>
        {!isOver && (
          <Button kind="quietDanger" size="small" onClick={() => onRevoke(apiKey)}>
            Revoke<span className="sr-only"> {apiKey.label}</span>
          </Button>
        )}
      </td>
    </tr>
  )
}

const isExpired = ({ expiresAt }: ApiKey) => expiresAt !== null && expiresAt.getTime() <= Date.now()

function Status({ apiKey }: { apiKey: ApiKey }) {
  if (apiKey.revokedAt) return <Badge kind="off">Revoked</Badge>
  if (isExpired(apiKey)) return <Badge kind="off">Expired</Badge>
  if (!apiKey.expiresAt) return <Badge kind="ok">Active</Badge>
  return (
    <>
      <Badge kind="ok">Active</Badge>
      <span className="mt-1 block text-xs text-muted">
        Expires <RelativeTime time={apiKey.expiresAt} />
      </span>
    </>
  )
}
