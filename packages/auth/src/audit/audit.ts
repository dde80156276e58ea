import {
  type AuditKind,
  type Database,
  type ListedAuditEvent,
  listAuditEvents,
  type OwnerIdentity,
} from "@latchkey/db"
import { isUuid } from "../isUuid.ts"
import { type Page, type PageInput, readPage } from "../readPage.ts"

/** An event in the audit trail, as its owner sees it. */
export type AuditEvent = Omit<ListedAuditEvent, "actorId" | "lastAt" | "subjectId" | "subjectLabel"> & {
  /** The last failure of the group; otherwise the same as `createdAt`. */
  lastAt: Date
  byAdministrator: boolean
  /** The session or key affected, with its device or label at the time. */
  subject: { id: string; label: string | null } | null
}

/** The owner's view of the audit trail, which is append-only. */
export interface Audit {
  /**
   * Lists the owner's events, newest first. A group of failures is listed at the time of its last failure.
   *
   * @param input.kind omitted for events of any kind.
   * @param input.apiKeyId only what happened to this key.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
   */
  list(
    owner: Pick<OwnerIdentity, "id">,
    input: PageInput & { kind?: AuditKind; apiKeyId?: string },
  ): Promise<Page<AuditEvent>>
}

/** @param options.days how long events are kept. Their partition may stay for longer. */
export function createAudit(db: Database, { days }: { days: number }): Audit {
  return {
    async list({ id: ownerId }, { cursor, limit, ...filter }) {
      if (filter.apiKeyId !== undefined && !isUuid(filter.apiKeyId)) return { items: [], nextCursor: null }
      const { items, nextCursor } = await readPage(
        { cursor, limit },
        (part) => listAuditEvents(db, { ownerId, days, ...part, ...filter }),
        ({ id, createdAt, lastAt }) => ({ id, createdAt: lastAt ?? createdAt }),
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
    // Owners must not learn the administrators' names, addresses, devices or sessions.
    ...(actorId !== null && { address: null, device: null, credentialId: null, actor: null }),
    byAdministrator: actorId !== null,
    subject: subjectId === null ? null : { id: subjectId, label: subjectLabel },
  }
}
