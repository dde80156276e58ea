import { type AuditKind, type Authority, type Database, listAuditEvents } from "@latchkey/db"
import { type Page, type PageInput, readPage } from "../readPage.ts"

/** Something that happened to an account. */
export interface AuditEvent {
  id: string
  kind: AuditKind
  createdAt: Date
  /** The last of those that the event sums up; else the same. */
  lastAt: Date
  /** How many failures the event sums up, or how many sessions ended; else 1. */
  count: number
  via: Authority["via"]
  /** The id of the session or key that it was done with; null for a password and for an administrator's. */
  credentialId: string | null
  byAdministrator: boolean
  /** Null where there were too many to keep each, and for an administrator's. */
  address: string | null
  device: string | null
  requestId: string
  /** The session or key that it was done to, with its device or label as it was then. */
  subject: { id: string; label: string | null } | null
}

/** What users see of their audit trail. Nothing but what is done adds to it, and nobody changes it. */
export interface Audit {
  /**
   * The user's events, newest first: of one kind, or all. A summary stands where its first failure was.
   *
   * @throws {AuthError} `INVALID_INPUT` for a cursor that is not ours.
   */
  list(owner: { userId: string }, input: PageInput & { kind?: AuditKind }): Promise<Page<AuditEvent>>
}

export function createAudit(db: Database): Audit {
  return {
    async list({ userId }, { cursor, limit, ...filter }) {
      const { items, nextCursor } = await readPage({ cursor, limit }, (part) =>
        listAuditEvents(db, { userId, ...part, ...filter }),
      )
      return { items: items.map(toEvent), nextCursor }
    },
  }
}

type Row = Awaited<ReturnType<typeof listAuditEvents>>[number]

function toEvent({ actorId, subjectId, subjectLabel, ...row }: Row): AuditEvent {
  return {
    ...row,
    lastAt: row.lastAt ?? row.createdAt,
    // Where administrators are, and their sessions, is not for users to know.
    ...(actorId !== null && { address: null, device: null, credentialId: null }),
    byAdministrator: actorId !== null,
    subject: subjectId === null ? null : { id: subjectId, label: subjectLabel },
  }
}
