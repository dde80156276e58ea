import { and, eq, sql } from "drizzle-orm"
import type { Database } from "../createDatabase.ts"
import { query } from "../query.ts"
import { auditEvents } from "../schema.ts"
import { isAfter, newestFirst, type Position } from "./position.ts"

/** Where a call comes from. */
export interface Source {
  /** The client's IP address, as far as the proxies in front are trusted. */
  address: string
  requestId: string
  /** What is calling, in words of ours, such as "Chrome on Linux"; null when it did not say. */
  device: string | null
}

export type AuditKind = (typeof auditEvents.$inferSelect)["kind"]

/** By which credential something is done, and by whom where that is not the user whose trail it is. */
export interface Authority {
  via: (typeof auditEvents.$inferSelect)["via"]
  /** The session's or key's id; null for a password. */
  credentialId: string | null
  /** The administrator. */
  actorId?: string
}

/** The authority of a user's own session. */
export const bySession = (sessionId: string): Authority => ({ via: "session", credentialId: sessionId })

export interface NewAuditEvent extends Authority {
  userId: string
  kind: AuditKind
  source: Source
  /** The session or key that it was done to, with what its owner knows it by. */
  subject?: { id: string; label: string | null }
  /** How many sessions ended; 1 unless told. */
  count?: number
}

/**
 * Stores an event. Belongs into the transaction that does what it tells of, so that neither is there without the
 * other: when the event can't be stored, nothing is done.
 */
export async function recordEvent(db: Database, { source, subject, ...event }: NewAuditEvent): Promise<void> {
  await db
    .insert(auditEvents)
    .values({ ...event, ...source, subjectId: subject?.id, subjectLabel: subject?.label })
}

/** How many rows of failures a user gets within a day, before further ones only count. */
const FAILURE_ROWS_A_DAY = 20

/**
 * Counts a wrong password. Whoever knows an email can repeat it at will, so there is one row for each address and
 * hour, and when there are too many of those within a day, one for the rest of that day: the trail stays readable
 * and the table small, and every failure is counted. (Instances that count at the same moment may go past the
 * limit by a row each.)
 *
 * For an id that no user has, it stores nothing, and takes as long and fails as it otherwise does: nobody can tell
 * by it whether an account exists. Waiting for the disk would tell, so it does not: a crash of the database may
 * lose the failures of its last second.
 */
export const countFailure = query(
  async (
    db,
    event: Authority & { userId: string; kind: "loginFailed" | "passwordChangeFailed"; source: Source },
  ): Promise<void> => {
    const { userId, kind, source } = event
    const utc = (format: string) => sql`to_char(now() at time zone 'UTC', ${format}::text)`
    const ofAddress = sql`concat_ws(' ', ${kind}::text, ${source.address}::text, ${utc("YYYY-MM-DD HH24")})`
    const ofTheRest = sql`concat_ws(' ', ${kind}::text, ${utc("YYYY-MM-DD")})`
    await db.execute(sql`
      with quick as materialized (select set_config('synchronous_commit', 'off', true)),
      place as (
        select users.id as user_id,
          exists (select from audit_events where user_id = users.id and summary_of = ${ofAddress})
          or ${FAILURE_ROWS_A_DAY} > (
            select count(*) from audit_events
            where user_id = users.id and kind = ${kind} and created_at > now() - interval '1 day'
          ) as is_listed
        from quick cross join users where users.id = ${userId}
      )
      insert into audit_events
        (user_id, kind, via, credential_id, request_id, summary_of, address, device)
      select user_id, ${kind}, ${event.via}, ${event.credentialId}::uuid, ${source.requestId},
        case when is_listed then ${ofAddress} else ${ofTheRest} end,
        case when is_listed then ${source.address}::text end,
        case when is_listed then ${source.device}::text end
      from place
      on conflict (user_id, summary_of) where summary_of is not null do update set
        count = audit_events.count + 1,
        last_at = clock_timestamp(),
        credential_id = excluded.credential_id,
        request_id = excluded.request_id,
        device = excluded.device`)
  },
)

export interface ListedAuditEvent {
  id: string
  kind: AuditKind
  actorId: string | null
  via: Authority["via"]
  credentialId: string | null
  address: string | null
  device: string | null
  requestId: string
  subjectId: string | null
  subjectLabel: string | null
  count: number
  createdAt: Date
  /** Null when it is the same. */
  lastAt: Date | null
}

/** A user's events, newest first, from the one after `after` on: of one kind or all. */
export const listAuditEvents = query(
  async (
    db,
    params: {
      userId: string
      limit: number
      after: Position | null
      kind?: AuditKind
    },
  ): Promise<ListedAuditEvent[]> =>
    db
      .select({
        id: auditEvents.id,
        kind: auditEvents.kind,
        actorId: auditEvents.actorId,
        via: auditEvents.via,
        credentialId: auditEvents.credentialId,
        address: auditEvents.address,
        device: auditEvents.device,
        requestId: auditEvents.requestId,
        subjectId: auditEvents.subjectId,
        subjectLabel: auditEvents.subjectLabel,
        count: auditEvents.count,
        createdAt: auditEvents.createdAt,
        lastAt: auditEvents.lastAt,
      })
      .from(auditEvents)
      .where(
        and(
          eq(auditEvents.userId, params.userId),
          params.kind && eq(auditEvents.kind, params.kind),
          isAfter(auditEvents, params.after),
        ),
      )
      .orderBy(...newestFirst(auditEvents))
      .limit(params.limit),
)

/**
 * Deletes events that are older than so many days, the oldest first and at most `limit`. Instances that do so at
 * the same moment do not wait for each other.
 *
 * @returns how many.
 */
export const deleteOldAuditEvents = query(
  async (db, { days, limit }: { days: number; limit: number }): Promise<number> => {
    const old = db
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(sql`${auditEvents.createdAt} < now() - make_interval(days => ${days})`)
      .orderBy(auditEvents.createdAt)
      .limit(limit)
      .for("update", { skipLocked: true })
    const deleted = await db
      .delete(auditEvents)
      .where(sql`${auditEvents.id} in (${old})`)
      .returning({ id: auditEvents.id })
    return deleted.length
  },
)
