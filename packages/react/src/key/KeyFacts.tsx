import type { ApiKey } from "@latchkey/sdk"
import type { ReactNode } from "react"
import { useApp } from "../app.ts"
import { isExpired } from "../keys/keyState.ts"
import { KeyLink } from "../list/KeyLink.tsx"
import { SubHeading } from "../parts/Heading.tsx"
import { Icon } from "../parts/Icon.tsx"
import { Time } from "../parts/Time.tsx"
import { useLanguage } from "../strings/context.ts"
import { spanOf } from "../strings/spanOf.ts"

/** The properties of a key. */
export function KeyFacts({ apiKey, now }: { apiKey: ApiKey; now: number }) {
  const { strings, formats } = useLanguage()
  const { state } = useApp()
  const { scopes, allowedIps, rateLimit, metadata, locked, expiresAt, revokedAt, lastUsedAt } = apiKey
  const isOthers = apiKey.createdBy !== state.me?.subject && apiKey.createdBy !== state.me?.actor
  return (
    <section data-part="card" data-facts="">
      <SubHeading>{strings.settings}</SubHeading>
      {locked && (
        <p data-part="lock-note">
          <Icon name="lock" />
          {strings.lockedHint}
        </p>
      )}
      <dl data-part="facts">
        <Fact name={strings.start}>
          <code>{apiKey.start}…</code>
        </Fact>
        <Fact name={strings.lastUsedName}>{lastUsedAt ? <Time time={lastUsedAt} /> : strings.never}</Fact>
        {revokedAt ? (
          <Fact name={strings.revoked}>
            <Time time={revokedAt} />
          </Fact>
        ) : (
          <Fact name={isExpired(apiKey, now) ? strings.expired : strings.expiry}>
            {expiresAt ? <Time time={expiresAt} kind="end" /> : strings.never}
          </Fact>
        )}
        <Fact name={strings.scopes}>
          {scopes === null ? (
            strings.everyScope
          ) : scopes.length === 0 ? (
            strings.noScope
          ) : (
            <Codes values={scopes} />
          )}
        </Fact>
        <Fact name={strings.addresses}>
          {allowedIps ? <Codes values={allowedIps} /> : strings.anyAddress}
        </Fact>
        <Fact name={strings.limit}>
          {rateLimit
            ? strings.limitOf(formats.number(rateLimit.limit), spanOf(rateLimit.window, formats))
            : strings.noLimit}
        </Fact>
        <Fact name={strings.columns.created}>
          <Time time={apiKey.createdAt} />
          {isOthers && <span data-part="by">{strings.createdBy(apiKey.createdBy)}</span>}
        </Fact>
        <Neighbour name={strings.replacesThis} id={apiKey.replaces} />
        <Neighbour name={strings.replacedByThis} id={apiKey.replacedBy} />
        {Object.entries(metadata ?? {}).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
        <Fact name={strings.id}>
          <code>{apiKey.id}</code>
        </Fact>
      </dl>
    </section>
  )
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const Codes = ({ values }: { values: readonly string[] }) => (
  <ul data-part="codes">
    {values.map((value) => (
      <li key={value}>
        <code>{value}</code>
      </li>
    ))}
  </ul>
)

/** The key that this one replaces, or that replaces it. */
function Neighbour({ name, id }: { name: string; id: string | null }) {
  const { state } = useApp()
  if (id === null) return null
  const start = state.keys?.find((apiKey) => apiKey.id === id)?.start
  return (
    <Fact name={name}>
      <KeyLink apiKeyId={id}>
        <code>{start === undefined ? id : `${start}…`}</code>
      </KeyLink>
    </Fact>
  )
}
