import { and, eq, type SQL, sql } from "drizzle-orm"
import { unionAll } from "drizzle-orm/pg-core"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { query } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { auditEvents, type Change } from "../../schema/auditEvents.ts"
import type { ActingCredential, ByAdmin } from "../owners/authority.ts"
import { OWN_ISSUER } from "../owners/ownerColumns.ts"
import { isAfter, newestFirst, type Position } from "../position.ts"

export type AuditKind = (typeof auditEvents.$inferSelect)["kind"]

/** The credential behind an event, and the person who acted if that was not the owner. */
export interface Authority {
  via: (typeof auditEvents.$inferSelect)["via"]
  /** The session's or key's id; null for other credentials. */
  credentialId: string | null
  /** The administrator who acted. */
  actorId?: string
  /** The person who acted for the owner, or for the administrator. */
  actor?: string | undefined
}

/** The authority of a user's own session. */
export const bySession = (sessionId: string): Authority => ({ via: "session", credentialId: sessionId })

/** How the owner's audit trail records their own change. */
export function byOwner(by: ActingCredential): Authority & { ownerId: string } {
  const credential = "manager" in by ? by.manager : by
  const via = by.via === "ownerToken" ? by.via : credential.via
  return {
    ownerId: by.owner.id,
    via: via === "configuredKey" || via === "managingKey" ? "apiKey" : via,
    credentialId: "credentialId" in credential ? credential.credentialId : null,
    actor: by.actor,
  }
}

/** How the affected owner's audit trail records an administrator. */
export function byAdmin(by: ByAdmin): Authority {
  const { ownerId: actorId, ...authority } = byOwner(by)
  // An administrator without an own account can't be found by the id.
  const actor = by.actor ?? (by.owner.issuer === OWN_ISSUER ? undefined : by.owner.subject)
  return { ...authority, actorId, actor }
}

export interface NewAuditEvent extends Authority {
  ownerId: string
  kind: AuditKind
  client: ClientInfo
  /** The affected session or key, with its device or label. */
  subject?: { id: string; label: string | null }
  /** What an update has changed, by the field's name. */
  changes?: Record<string, Change>
  /** The number of sessions that ended; 1 by default. */
  count?: number
}

/** Stores an event. Belongs in the transaction of the change that it records, so that both are stored or neither. */
export const recordEvent = (db: Database, event: NewAuditEvent): Promise<void> => recordEvents(db, [event])

/** The same for several events. */
export async function recordEvents(db: Database, events: readonly NewAuditEvent[]): Promise<void> {
  if (events.length > 0) await db.insert(auditEvents).values(events.map(toRow))
}

function toRow({ client, subject, ...event }: NewAuditEvent) {
  const { address, device, requestId } = client
  const [subjectId, subjectLabel] = [subject?.id, subject?.label]
  return { ...event, address, device, requestId, subjectId, subjectLabel }
}

const listedAuditEventColumns = {
  id: auditEvents.id,
  kind: auditEvents.kind,
  actorId: auditEvents.actorId,
  actor: auditEvents.actor,
  via: auditEvents.via,
  credentialId: auditEvents.credentialId,
  address: auditEvents.address,
  device: auditEvents.device,
  requestId: auditEvents.requestId,
  subjectId: auditEvents.subjectId,
  subjectLabel: auditEvents.subjectLabel,
  changes: auditEvents.changes,
  count: auditEvents.count,
  createdAt: auditEvents.createdAt,
  lastAt: auditEvents.lastAt,
}

export type ListedAuditEvent = Pick<typeof auditEvents.$inferSelect, keyof typeof listedAuditEventColumns>

/** The events of a key. The first condition follows from the second, and is that of the index `audit_trail_by_key`. */
const isAbout = (apiKeyId: string) =>
  and(sql`starts_with(${auditEvents.kind}, 'apiKey')`, eq(auditEvents.subjectId, apiKeyId))

/** More than the transaction takes that rotates a key and records it. */
const ROTATION_MS = 86_400_000

/**
 * The creation of a key as the replacement of another one, which is that key's event. The time keeps PostgreSQL from
 * planning for the partitions of all other months.
 */
const isCreationOf = ({ replaces, createdAt }: { replaces: string; createdAt: Date }) =>
  and(
    isAbout(replaces),
    eq(auditEvents.kind, "apiKeyRotated"),
    sql`${auditEvents.createdAt} between ${createdAt.toISOString()} and ${new Date(createdAt.getTime() + ROTATION_MS).toISOString()}`,
  )

/** Events are sorted by their last time: a group of failures is as recent as its last failure. */
export const byLastTime = {
  id: auditEvents.id,
  createdAt: sql`coalesce(${auditEvents.lastAt}, ${auditEvents.createdAt})`,
}

/** The second condition follows from the first. It tells PostgreSQL where to stop in the index of the oldest month. */
const isOfLast = (days: number) => {
  const start = sql`now() - make_interval(days => ${days})`
  return and(sql`${auditEvents.createdAt} > ${start}`, sql`${byLastTime.createdAt} > ${start}`)
}

interface AuditPage {
  ownerId: string
  limit: number
  after: Position | null
  kind?: AuditKind
  /** Only events of the last `days`; all by default. */
  days?: number
}

/**
 * The pages are prepared: otherwise, planning for all months takes several times as long as reading. After a few pages,
 * PostgreSQL uses one plan for all owners, which is as good, because each index has the order of the page.
 */
const NAME = "audit_events"

/**
 * Lists a user's events after the position `after`, with the most recent first: of one kind or all, and about one key
 * or anything. Each of them is read from an index that has its order, however many others there are.
 */
export const listAuditEvents = query(
  async (db, { apiKeyId, ...page }: AuditPage & { apiKeyId?: string }): Promise<ListedAuditEvent[]> => {
    if (apiKeyId === undefined) return pageOf(db, page).prepare(NAME).execute()
    const [key] = await db
      .select({ replaces: apiKeys.replaces, createdAt: apiKeys.createdAt })
      .from(apiKeys)
      .where(and(eq(apiKeys.id, apiKeyId), eq(apiKeys.ownerId, page.ownerId)))
    const ofKey = pageOf(db, page, isAbout(apiKeyId))
    if (!key?.replaces) return ofKey.prepare(NAME).execute()
    const creation = isCreationOf({ ...key, replaces: key.replaces })
    const about = unionAll(ofKey, pageOf(db, page, creation)).as("about")
    const time = sql`coalesce(${about.lastAt}, ${about.createdAt})`
    return db
      .select()
      .from(about)
      .orderBy(...newestFirst({ id: about.id, createdAt: time }))
      .limit(page.limit)
      .prepare(NAME)
      .execute()
  },
)

const pageOf = (db: Database, { ownerId, kind, after, days, limit }: AuditPage, condition?: SQL) =>
  db
    .select(listedAuditEventColumns)
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.ownerId, ownerId),
        kind && eq(auditEvents.kind, kind),
        condition,
        isAfter(byLastTime, after),
        // Prunes the partitions of later months, because no event's last time is before its first.
        after ? sql`${auditEvents.createdAt} <= ${after.createdAt.toISOString()}` : undefined,
        days === undefined ? undefined : isOfLast(days),
      ),
    )
    .orderBy(...newestFirst(byLastTime))
    .limit(limit)
