import type { ApiKey } from "@latchkey/sdk"
import { useKeyActions } from "../actions/useKeyActions.ts"
import { useApp } from "../app.ts"
import { expiresSoon, hasEnded, isInGrace } from "../keys/keyState.ts"
import { Icon } from "../parts/Icon.tsx"
import { Menu } from "../parts/Menu.tsx"
import { Time } from "../parts/Time.tsx"
import { useLanguage } from "../strings/context.ts"
import { KeyBadges } from "./KeyBadges.tsx"
import { KeyLink } from "./KeyLink.tsx"
import { Sparkline } from "./Sparkline.tsx"

interface Props {
  apiKey: ApiKey
  now: number
  isSelected: boolean
  onSelect: ((isSelected: boolean) => void) | undefined
}

export function KeyRow({ apiKey, now, isSelected, onSelect }: Props) {
  const { strings } = useLanguage()
  const { state, view } = useApp()
  const actionsOf = useKeyActions()
  const standing = hasEnded(apiKey, now) ? "ended" : isInGrace(apiKey, now) ? "grace" : "active"
  return (
    <tr data-part="row" data-state={standing} data-selected={isSelected || undefined}>
      {onSelect && (
        <td data-column="select">
          <input
            type="checkbox"
            aria-label={strings.selectKey(apiKey.label)}
            checked={isSelected}
            onChange={(event) => onSelect(event.target.checked)}
          />
        </td>
      )}
      <th scope="row" data-column="key">
        <span data-part="key-name">
          <span data-part="key-label">
            {standing === "grace" && <Icon name="follows" />}
            <KeyLink apiKeyId={apiKey.id}>
              <bdi>{apiKey.label}</bdi>
            </KeyLink>
          </span>
          <KeyBadges apiKey={apiKey} now={now} />
        </span>
        <span data-part="key-details">
          <code>{apiKey.start}…</code>
          {standing === "active" && apiKey.expiresAt && !expiresSoon(apiKey, now) && (
            <Time time={apiKey.expiresAt} kind="end" as={strings.expires} />
          )}
        </span>
        <span data-part="key-times">
          {apiKey.lastUsedAt ? <Time time={apiKey.lastUsedAt} as={strings.lastUsed} /> : strings.neverUsed}
          <Time time={apiKey.createdAt} as={strings.created} />
        </span>
      </th>
      {state.usage && view.tab !== "ended" && (
        <td data-column="usage">
          <Sparkline calls={state.usage.get(apiKey.id) ?? []} />
        </td>
      )}
      <td data-column="lastUsed">
        {view.tab === "ended" ? (
          <Time time={endOf(apiKey)} />
        ) : apiKey.lastUsedAt ? (
          <Time time={apiKey.lastUsedAt} />
        ) : (
          strings.never
        )}
      </td>
      <td data-column="created">
        <Time time={apiKey.createdAt} />
      </td>
      <td data-column="actions">
        <Menu label={strings.actionsFor(apiKey.label)} items={actionsOf(apiKey, now)} />
      </td>
    </tr>
  )
}

const endOf = ({ revokedAt, expiresAt, createdAt }: ApiKey) => revokedAt ?? expiresAt ?? createdAt
