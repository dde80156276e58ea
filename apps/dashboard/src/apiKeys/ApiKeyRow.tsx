import type { ApiKey } from "@latchkey/sdk"
import { Button } from "../components/Button.tsx"
import { cellClass } from "../components/lists/tableClass.ts"
import { RelativeTime } from "../components/RelativeTime.tsx"
import { ApiKeyStatus, isExpired } from "./ApiKeyStatus.tsx"

export function ApiKeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: (apiKey: ApiKey) => void }) {
  const isInactive = apiKey.revokedAt !== null || isExpired(apiKey)
  return (
    <tr className={isInactive ? "text-muted" : undefined}>
      <th scope="row" className={`${cellClass} font-normal`}>
        <span
          className={`line-clamp-2 font-medium wrap-anywhere ${isInactive ? "" : "text-ink"}`}
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
          <ApiKeyStatus apiKey={apiKey} />
        </span>
      </th>
      <td className={`${cellClass} text-sm text-muted max-md:hidden`}>
        <RelativeTime time={apiKey.createdAt} />
      </td>
      <td className={`${cellClass} text-sm text-muted max-md:hidden`}>
        {apiKey.lastUsedAt ? <RelativeTime time={apiKey.lastUsedAt} /> : "Never"}
      </td>
      <td className={`${cellClass} max-sm:hidden`}>
        <ApiKeyStatus apiKey={apiKey} />
      </td>
      <td className={`${cellClass} text-right`}>
        {!isInactive && (
          <Button kind="quietDanger" size="small" onClick={() => onRevoke(apiKey)}>
            Revoke<span className="sr-only"> {apiKey.label}</span>
          </Button>
        )}
      </td>
    </tr>
  )
}
