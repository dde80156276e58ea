import type { ApiKey } from "@latchkey/sdk"
import type { ReactNode } from "react"
import { expiresSoon, isExpired, isInGrace } from "../keys/keyState.ts"
import { Time } from "../parts/Time.tsx"
import { useLanguage } from "../strings/context.ts"

const Badge = ({ kind, children }: { kind: "off" | "warning" | "ok"; children: ReactNode }) => (
  <span data-part="badge" data-kind={kind}>
    {children}
  </span>
)

/** The status of a key, if it is not simply active. */
export function KeyBadges({ apiKey, now }: { apiKey: ApiKey; now: number }) {
  const { strings } = useLanguage()
  if (apiKey.revokedAt) return <Badge kind="off">{strings.revoked}</Badge>
  if (isExpired(apiKey, now)) return <Badge kind="off">{strings.expired}</Badge>
  return (
    <>
      {isInGrace(apiKey, now) && apiKey.expiresAt && (
        <Badge kind="warning">
          <Time time={apiKey.expiresAt} kind="end" as={strings.replaced} />
        </Badge>
      )}
      {apiKey.disabled && <Badge kind="off">{strings.disabled}</Badge>}
      {!isInGrace(apiKey, now) && expiresSoon(apiKey, now) && apiKey.expiresAt && (
        <Badge kind="warning">
          <Time time={apiKey.expiresAt} kind="end" as={strings.expires} />
        </Badge>
      )}
    </>
  )
}
