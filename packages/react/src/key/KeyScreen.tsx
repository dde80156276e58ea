import type { ApiKey } from "@latchkey/sdk"
import { useKeyActions } from "../actions/useKeyActions.ts"
import { useApp } from "../app.ts"
import { hasReason } from "../client/isAway.ts"
import { Snippets } from "../create/Snippets.tsx"
import { hasEnded, isInGrace } from "../keys/keyState.ts"
import { KeyBadges } from "../list/KeyBadges.tsx"
import { KeyLink } from "../list/KeyLink.tsx"
import { LoadFailure } from "../list/LoadFailure.tsx"
import { TableSkeleton } from "../list/TableSkeleton.tsx"
import { Button } from "../parts/Button.tsx"
import { ErrorMessage } from "../parts/ErrorMessage.tsx"
import { Heading, SubHeading } from "../parts/Heading.tsx"
import { Icon } from "../parts/Icon.tsx"
import { Menu } from "../parts/Menu.tsx"
import { useNow } from "../parts/useNow.ts"
import { useLanguage } from "../strings/context.ts"
import { KeyFacts } from "./KeyFacts.tsx"
import { Trail } from "./Trail.tsx"
import { Usage } from "./Usage.tsx"
import { useLoaded } from "./useLoaded.ts"

/** The page of one key. */
export function KeyScreen({ id }: { id: string }) {
  const { strings } = useLanguage()
  const { state } = useApp()
  const listed = state.keys?.find((apiKey) => apiKey.id === id)
  return (
    <div data-part="key-page">
      <nav data-part="back">
        <KeyLink apiKeyId={null}>
          <Icon name="arrowBack" />
          {strings.backToList}
        </KeyLink>
      </nav>
      <LoadFailure />
      {listed ? <KeyDetails apiKey={listed} /> : state.keys ? <OlderKey id={id} /> : <TableSkeleton />}
    </div>
  )
}

/** A key that has ended and is not in the list any more. */
function OlderKey({ id }: { id: string }) {
  const { strings } = useLanguage()
  const { store } = useApp()
  const { data, error } = useLoaded(id, () => store.client(({ apiKeys }) => apiKeys.get(id)))
  if (data) return <KeyDetails apiKey={data} />
  if (!error) return <TableSkeleton />
  return hasReason(error, "NOT_FOUND") ? (
    <div data-part="empty">
      <Heading>{strings.notFound}</Heading>
    </div>
  ) : (
    <ErrorMessage error={error} />
  )
}

function KeyDetails({ apiKey }: { apiKey: ApiKey }) {
  const { strings } = useLanguage()
  const { openDialog, isReadOnly } = useApp()
  const now = useNow()
  const actionsOf = useKeyActions()
  const canRotate = !isReadOnly && !hasEnded(apiKey, now) && !isInGrace(apiKey, now)
  return (
    <>
      <div data-part="header">
        <div data-part="key-title">
          <Heading>
            <bdi>{apiKey.label}</bdi>
          </Heading>
          <KeyBadges apiKey={apiKey} now={now} />
        </div>
        <div data-part="header-actions">
          {canRotate && (
            <Button onClick={() => openDialog({ kind: "rotate", apiKey })}>
              <Icon name="rotate" />
              {strings.rotate}
            </Button>
          )}
          <Menu
            label={strings.actionsFor(apiKey.label)}
            items={actionsOf(apiKey, now).filter(({ icon }) => icon !== "rotate")}
          />
        </div>
      </div>
      <div data-part="key-columns">
        <div data-part="key-main">
          <Usage apiKeyId={apiKey.id} />
          {!hasEnded(apiKey, now) && (
            <section data-part="card">
              <SubHeading>{strings.useIt}</SubHeading>
              <Snippets />
            </section>
          )}
          <Trail apiKey={apiKey} />
        </div>
        <KeyFacts apiKey={apiKey} now={now} />
      </div>
    </>
  )
}
