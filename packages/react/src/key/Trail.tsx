import type { ApiKey, AuditEvent } from "@latchkey/sdk"
import { useState } from "react"
import { useApp } from "../app.ts"
import { hasReason } from "../client/isAway.ts"
import { Button } from "../parts/Button.tsx"
import { ErrorMessage } from "../parts/ErrorMessage.tsx"
import { SubHeading } from "../parts/Heading.tsx"
import { Time } from "../parts/Time.tsx"
import { useLanguage } from "../strings/context.ts"
import { withoutDirections } from "../strings/withoutDirections.ts"
import { useLoaded } from "./useLoaded.ts"

const PAGE_SIZE = 10

/** The events of a key. Not shown to callers who may not see them: an owner token must not reveal addresses. */
export function Trail({ apiKey }: { apiKey: ApiKey }) {
  const { strings } = useLanguage()
  const { store, state } = useApp()
  const [older, setOlder] = useState<{ items: readonly AuditEvent[]; nextCursor: string | null }>()
  const [isLoading, setLoading] = useState(false)
  const list = (cursor: string | null) =>
    store.client(async ({ audit }) => audit.list({ apiKeyId: apiKey.id, cursor, limit: PAGE_SIZE }))
  // Every change of the key adds an event.
  const { data, error } = useLoaded(`${apiKey.id} ${JSON.stringify(apiKey, withoutLastUse)}`, () =>
    list(null),
  )
  if (hasReason(error, "FORBIDDEN") || hasReason(error, "INVALID_INPUT") || state.me?.manage === "read") {
    return null
  }

  const nextCursor = (older ?? data)?.nextCursor ?? null
  async function loadMore() {
    setLoading(true)
    const page = await list(nextCursor).catch(() => null)
    setLoading(false)
    if (page) setOlder({ items: [...(older?.items ?? []), ...page.items], nextCursor: page.nextCursor })
  }

  return (
    <section data-part="card">
      <SubHeading>{strings.trail}</SubHeading>
      <ErrorMessage error={error} />
      {data?.items.length === 0 && <p data-part="hint">{strings.trailNone}</p>}
      <ol data-part="trail">
        {[...(data?.items ?? []), ...(older?.items ?? [])].map((event) => (
          <TrailItem key={event.id} event={event} isOther={event.subject?.id !== apiKey.id} />
        ))}
      </ol>
      {nextCursor !== null && (
        <Button size="small" isBusy={isLoading} onClick={loadMore}>
          {strings.trailMore}
        </Button>
      )}
    </section>
  )
}

/** Using a key adds no event. */
const withoutLastUse = (name: string, value: unknown) => (name === "lastUsedAt" ? undefined : value)

function TrailItem({ event, isOther }: { event: AuditEvent; isOther: boolean }) {
  const { strings, formats } = useLanguage()
  const isAlarming = event.kind === "apiKeyRefused" || event.kind === "apiKeyLeaked"
  return (
    <li data-part="event" data-alarming={isAlarming || undefined}>
      <span data-part="event-title">
        {strings.event(event, { count: formats.number(event.count), isOther })}
      </span>
      <span data-part="hint">{placeOf(event, strings)}</span>
      <span data-part="event-time">
        <Time time={event.lastAt} />
      </span>
    </li>
  )
}

function placeOf(
  { byAdministrator, actor, via, device, address }: AuditEvent,
  strings: ReturnType<typeof useLanguage>["strings"],
): string {
  if (byAdministrator) return strings.byAdministrator
  const place =
    via === "server"
      ? strings.byServer
      : address === null
        ? strings.manyAddresses
        : `${device ?? strings.unknownDevice} · ${address}`
  return actor === null ? place : `${withoutDirections(actor)} · ${place}`
}
