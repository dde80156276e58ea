import { withoutDirections } from "@latchkey/react/internal"
import type { OwnedApiKey } from "@latchkey/sdk"
import { Badge } from "../../components/Badge.tsx"
import { Button } from "../../components/Button.tsx"
import { cellClass } from "../../components/lists/tableClass.ts"
import { RelativeTime } from "../../components/RelativeTime.tsx"
import { nameOf } from "../users/nameOf.ts"
import { ApiKeyStatus, isExpired } from "./ApiKeyStatus.tsx"

interface Props {
  apiKey: OwnedApiKey
  /** Absent in a read-only list. */
  onRevoke?: ((apiKey: OwnedApiKey) => void) | undefined
}

/** On narrow screens, the owner and the times are below the label in the same cell. */
export function OwnedKeyRow({ apiKey, onRevoke }: Props) {
  const isInactive = apiKey.revokedAt !== null || isExpired(apiKey)
  return (
    <tr className={isInactive ? "text-muted" : undefined}>
      <th scope="row" className={`${cellClass} font-normal`}>
        <span
          className={`line-clamp-2 font-medium wrap-anywhere ${isInactive ? "" : "text-ink"}`}
          title={apiKey.label}
        >
          <bdi>{apiKey.label}</bdi>
        </span>
        <code className="text-sm text-muted">{apiKey.start}…</code>
        <span className="mt-1 block text-sm wrap-anywhere text-muted md:hidden">
          {nameOf(apiKey.owner)}
          <br />
          <LastUsed apiKey={apiKey} withLabel />
        </span>
        <span className="mt-1.5 block sm:hidden">
          <Status apiKey={apiKey} />
        </span>
      </th>
      <td className={`${cellClass} text-sm wrap-anywhere max-md:hidden`}>{nameOf(apiKey.owner)}</td>
      <td className={`${cellClass} text-sm text-muted max-lg:hidden`}>
        <RelativeTime time={apiKey.createdAt} />
      </td>
      <td className={`${cellClass} text-sm text-muted max-md:hidden`}>
        <LastUsed apiKey={apiKey} />
      </td>
      <td className={`${cellClass} max-sm:hidden`}>
        <Status apiKey={apiKey} />
      </td>
      {onRevoke && (
        <td className={`${cellClass} text-right`}>
          {!isInactive && (
            <Button kind="quietDanger" size="small" onClick={() => onRevoke(apiKey)}>
              Revoke
              <span className="sr-only">
                {" "}
                {withoutDirections(apiKey.label)} of {nameOf(apiKey.owner)}
              </span>
            </Button>
          )}
        </td>
      )}
    </tr>
  )
}

function LastUsed({
  apiKey: { lastUsedAt },
  withLabel = false,
}: {
  apiKey: OwnedApiKey
  withLabel?: boolean
}) {
  if (!lastUsedAt) return withLabel ? "Never used" : "Never"
  return (
    <>
      {withLabel && "Last used "}
      <RelativeTime time={lastUsedAt} />
    </>
  )
}

/** Active keys are rejected while their owner is disabled. */
function Status({ apiKey }: { apiKey: OwnedApiKey }) {
  const isInactive = apiKey.revokedAt !== null || isExpired(apiKey)
  if (apiKey.owner.disabledAt && !isInactive) return <Badge kind="warn">Owner disabled</Badge>
  return <ApiKeyStatus apiKey={apiKey} />
}
