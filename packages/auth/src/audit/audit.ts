import { type AuditKind, type Database, type ListedAuditEvent, listAuditEvents } from "@latchkey/db"
import { type Page, type PageInput, readPage } from "../readPage.ts"

/** An event in the audit trail, as the account's owner sees it. */
export type AuditEvent = Omit<ListedAuditEvent, "actorId" | "lastAt" | "subjectId" | "subjectLabel"> & {
  /** The last failure of the group; otherwise the same as `createdAt`. */
  lastAt: Date
  byAdministrator: boolean
  /** The session or key affected, with its device or label at the time. */
  subject: { id: string; label: string | null } | null
}

/** The user's view of the audit trail, which is append-only. */
export interface Audit {
  /**
   * Lists the user's events, newest first. A group of failures is listed at the time of its first failure.
   *
   * @param input.kind omitted for events of any kind.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
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
    // Users must not learn the administrators' addresses, devices or sessions.
    ...(actorId !== null && { address: null, device: null, credentialId: null }),
    byAdministrator: actorId !== null,
    subject: subjectId === null ? null : { id: subjectId, label: subjectLabel },
  }
}
