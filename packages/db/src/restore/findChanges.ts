import { type SQL, sql } from "drizzle-orm"
import { onPrimary } from "../driver/primary/onPrimary.ts"
import { forLog } from "../query.ts"
import { secondFactors } from "../schema/accounts.ts"
import { apiKeys } from "../schema/apiKeys.ts"
import { authority, authorityChanges } from "../schema/authority.ts"
import { owners } from "../schema/owners.ts"
import { serverName, timeOf } from "./logState.ts"

/** The rights of a key when the change was read, without a secret. */
export type KeyState =
  | { revokedAt: string }
  | {
      expiresAt: string | null
      disabledAt: string | null
      scopes: string[] | null
      allowedIps: string[] | null
      rateLimit: number | null
      rateWindow: number | null
      locked: boolean
      checks: string[]
    }

export interface OwnerState {
  disabledAt: string | null
  erasedAt: string | null
  role: "user" | "admin"
  /** Only of a disabled or erased owner without an account, whose row a restored database may lack. */
  issuer?: string
  subject?: string
}

/** A change as the restore log has it. `state` is null if the subject's row is gone. */
export type LoggedChange = { position: number; id: string } & (
  | { kind: "key"; state: KeyState | null }
  | { kind: "owner"; state: OwnerState | null }
  | { kind: "factor"; state: { enabledAt: string | null } }
  | { kind: "password" | "everything"; state: null }
)

/** Where a read of the changes continues. */
export type ChangesCursor = Pick<LoggedChange, "position" | "id" | "kind">

export interface FoundChanges {
  deploymentId: string | null
  historyId: string | null
  /** Where the database is now. */
  server: string
  /** The changes begin after this position, which the caller or the log is known to have. */
  from: number
  /** They end at this position. */
  to: number
  /** When the changes at `to` were made. */
  at: string | null
  /** When the changes at the caller's position were made. */
  lastAt: string | null
  /** Up to this position, changes may be missing. */
  deletedTo: number
  changes: LoggedChange[]
  /** Set if there are more. */
  next: ChangesCursor | null
}

const keyState = sql`(select case when ${apiKeys.revokedAt} is not null
  then jsonb_build_object('revokedAt', ${apiKeys.revokedAt})
  else jsonb_build_object('expiresAt', ${apiKeys.expiresAt}, 'disabledAt', ${apiKeys.disabledAt}, 'scopes', ${apiKeys.scopes},
    'allowedIps', ${apiKeys.allowedIps}, 'rateLimit', ${apiKeys.rateLimit}, 'rateWindow', ${apiKeys.rateWindow},
    'locked', ${apiKeys.locked}, 'checks', ${apiKeys.checks}) end
  from ${apiKeys} where ${apiKeys.id} = change.subject_id)`

const ownerState = sql`(select jsonb_build_object('disabledAt', ${owners.disabledAt}, 'erasedAt', ${owners.erasedAt}, 'role', ${owners.role})
    || case when ${owners.issuer} <> 'latchkey' and ${owners.disabledAt} is not null
      then jsonb_build_object('issuer', ${owners.issuer}, 'subject', ${owners.subject}) else '{}' end
  from ${owners} where ${owners.id} = change.subject_id)`

const factorState = sql`jsonb_build_object('enabledAt', (
  select ${secondFactors.enabledAt} from ${secondFactors} where ${secondFactors.userId} = change.subject_id))`

/** Sessions are left out: after a restore all of them end. */
const changesWhere = (condition: SQL, limit: number) => sql<LoggedChange[]>`(
  select coalesce(json_agg(found), '[]') from (
    select change.position, change.subject_id as id, change.kind,
      case change.kind when 'key' then ${keyState} when 'owner' then ${ownerState} when 'factor' then ${factorState} end as state
    from ${authorityChanges} as change
    where change.kind <> 'session' and ${condition}
    order by change.position, change.subject_id, change.kind limit ${limit}
  ) as found)`

/**
 * Reads the changes that the restore log lacks, with what the subjects may do now, from one snapshot.
 *
 * @param params.after the position up to which the caller knows that the log has them.
 * @param params.page where an earlier read with more changes ended.
 */
export const findChanges = forLog(
  async (
    db,
    { after, page, limit }: { after: number; page?: { to: number; cursor: ChangesCursor }; limit: number },
  ): Promise<FoundChanges> => {
    const from = sql`greatest(${after}::bigint, ${authority.loggedTo})`
    const to = page ? sql`${page.to}::bigint` : sql`${authority.position}`
    const begins = page
      ? sql`(change.position, change.subject_id, change.kind) > (${page.cursor.position}::bigint, ${page.cursor.id}::uuid, ${page.cursor.kind})`
      : sql`change.position > ${from}`
    const [found] = await db
      .select({
        deploymentId: authority.deploymentId,
        historyId: authority.historyId,
        server: serverName,
        from: sql<number>`${from}::float8`,
        to: sql<number>`(${to})::float8`,
        at: timeOf(to),
        lastAt: timeOf(sql`${after}::bigint`),
        deletedTo: authority.deletedTo,
        changes: changesWhere(sql`${begins} and change.position <= ${to}`, limit + 1),
      })
      .from(authority)
      .where(onPrimary)
    if (!found) throw new TypeError("the state of the restore log is missing")
    const changes = found.changes.slice(0, limit)
    return { ...found, changes, next: found.changes.length > limit ? (changes.at(-1) ?? null) : null }
  },
)
