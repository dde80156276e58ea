import type { OwnedApiKey } from "@latchkey/sdk"
import { ApiKeyStatus, isExpired } from "../apiKeys/ApiKeyStatus.tsx"
import { Badge } from "../components/Badge.tsx"
import { Button } from "../components/Button.tsx"
import { RelativeTime } from "../components/RelativeTime.tsx"
import { cellClass } from "../components/tableClass.ts"

interface Props {
  apiKey: OwnedApiKey
  onRevoke: (apiKey: OwnedApiKey) => void
}

/** On a narrow screen the owner and the times stand below the label, in the same cell. */
export function OwnedKeyRow({ apiKey, onRevoke }: Props) {
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
        <span className="mt-1 block text-sm wrap-anywhere text-muted md:hidden">
          {apiKey.owner.email}
          <br />
          <LastUsed apiKey={apiKey} words />
        </span>
        <span className="mt-1.5 block sm:hidden">
          <Status apiKey={apiKey} />
        </span>
      </th>
      <td className={`${cellClass} text-sm wrap-anywhere max-md:hidden`}>{apiKey.owner.email}</td>
      <td className={`${cellClass} text-sm text-muted max-lg:hidden`}>
        <RelativeTime time={apiKey.createdAt} />
      </td>
      <td className={`${cellClass} text-sm text-muted max-md:hidden`}>
        <LastUsed apiKey={apiKey} />
      </td>
      <td className={`${cellClass} max-sm:hidden`}>
        <Status apiKey={apiKey} />
      </td>
      <td className={`${cellClass} text-right`}>
        {!isOver && (
          <Button kind="quietDanger" size="small" onClick={() => onRevoke(apiKey)}>
            Revoke
            <span className="sr-only">
              {" "}
              {apiKey.label} of {apiKey.owner.email}
            </span>
          </Button>
        )}
      </td>
    </tr>
  )
}

function LastUsed({ apiKey: { lastUsedAt }, words = false }: { apiKey: OwnedApiKey; words?: boolean }) {
  if (!lastUsedAt) return words ? "Never used" : "Never"
  return (
    <>
      {words && "Last used "}
      <RelativeTime time={lastUsedAt} />
    </>
  )
}

/** A key that is active is not accepted while its owner is disabled. */
function Status({ apiKey }: { apiKey: OwnedApiKey }) {
  const isOver = apiKey.revokedAt !== null || isExpired(apiKey)
  if (apiKey.owner.disabledAt && !isOver) return <Badge kind="warn">Owner disabled</Badge>
  return <ApiKeyStatus apiKey={apiKey} />
}
