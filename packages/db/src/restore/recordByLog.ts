import { randomUUID } from "node:crypto"
import type { Database } from "../database.ts"
import { type AuditKind, type NewAuditEvent, recordEvents } from "../queries/trail/auditEvents.ts"
import type { Change } from "../schema/auditEvents.ts"

/** The actor, as the audit trail records it. */
const byLog = { via: "server", credentialId: null, actor: "restore log" } as const

/** How many events one statement records; its parameters are limited. */
const EVENTS_AT_ONCE = 1_000

async function record(
  tx: Database,
  events: readonly Omit<NewAuditEvent, "via" | "credentialId" | "client">[],
) {
  const client = { address: null, requestId: randomUUID(), device: null }
  for (let at = 0; at < events.length; at += EVENTS_AT_ONCE) {
    const some = events.slice(at, at + EVENTS_AT_ONCE)
    await recordEvents(
      tx,
      some.map((event) => ({ ...byLog, ...event, client })),
    )
  }
}

/** Records changes of keys in their owners' trails. */
export const recordKeys = (
  tx: Database,
  kind: AuditKind,
  keys: readonly { id: string; label: string; ownerId: string }[],
  changes?: Record<string, Change>,
): Promise<void> =>
  record(
    tx,
    keys.map(({ ownerId, ...subject }) => ({ ownerId, kind, subject, ...(changes && { changes }) })),
  )

/** Records changes of owners in their trails. */
export const recordOwners = (
  tx: Database,
  kind: AuditKind,
  found: readonly { id: string }[],
): Promise<void> =>
  record(
    tx,
    found.map(({ id }) => ({ ownerId: id, kind })),
  )
