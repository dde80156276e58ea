import { and, asc, eq, inArray, isNotNull, isNull, ne, or, type SQL, sql } from "drizzle-orm"
import type { PgUpdateSetSource } from "drizzle-orm/pg-core"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { query, takeAway } from "../../query.ts"
import { accountTokens } from "../../schema/accounts.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { auditEvents } from "../../schema/auditEvents.ts"
import { owners } from "../../schema/owners.ts"
import { sessions } from "../../schema/sessions.ts"
import { endLinksCreatedBy } from "../accounts/endResetLinks.ts"
import { deleteSecondFactor } from "../accounts/secondFactors.ts"
import { anyOf, joinIds } from "../anyOf.ts"
import { revocation } from "../keys/apiKeys.ts"
import { byAdmin, recordEvent } from "../trail/auditEvents.ts"
import type { AdminAct, AdminResult } from "./adminUsers.ts"
import { type AffectedOwner, ensureOwner, mayHaveNoRow, withAdminAuthority } from "./authority.ts"
import { OWN_ISSUER, type OwnerIdentity } from "./ownerColumns.ts"

/** Few enough rows of a table for a transaction to end well within its time limit. */
const ROWS_AT_ONCE = 1_000

/**
 * Erases an owner for good. Their row loses all personal data and stays disabled, so that everything issued to them
 * before remains refused. Their sessions are deleted, and their keys are revoked and lose all personal data. An owner
 * without an account of Latchkey's own can be erased before they are first seen. Does nothing for an erased owner.
 *
 * For an owner with very many sessions, keys or events, this processes only the first of them, and `eraseMore`
 * continues. The owner's row already ends all of them.
 *
 * @param params.adminEmails the emails (lower case) that make an administrator. An account that has one is not erased:
 *   whoever registers the email next would be an administrator.
 * @returns `notFound` for an id without a row, `isNamed` for an account that has one of `adminEmails`.
 */
export const eraseUser = takeAway(
  async (
    db,
    { affected, by, adminEmails, client }: AdminAct<AffectedOwner> & { adminEmails: readonly string[] },
  ): Promise<AdminResult | "isNamed"> =>
    withAdminAuthority(
      db,
      { by, affected, keysToEnd: (tx) => findKeys(tx, affected.id) },
      async (tx, owner) => {
        if (owner?.erasedAt) return "done"
        if (!owner && !mayHaveNoRow(affected)) return "notFound"
        if (owner?.email != null && adminEmails.includes(owner.email)) return "isNamed"
        const { id } = affected
        if (!owner && mayHaveNoRow(affected)) await takeRow(tx, affected)
        const isWithoutCredentials = await endCredentials(tx, id)
        await deleteSecondFactor(tx, id)
        await tx.delete(accountTokens).where(eq(accountTokens.userId, id))
        await endLinksCreatedBy(tx, [id])
        await eraseRow(tx, id)
        const isStripped = await stripTrail(tx, id)
        if (isWithoutCredentials && isStripped) await finish(tx, id)
        await recordEvent(tx, { ownerId: id, kind: "userErased", ...byAdmin(by), client })
        return "done"
      },
    ),
)

/**
 * Continues with the sessions, keys and audit events of an erased owner. Concurrent calls wait for each other.
 *
 * @returns whether nothing is left.
 */
export const eraseMore = takeAway(
  async (db, { id }: { id: string; client: Pick<ClientInfo, "onLeaseWait"> }): Promise<boolean> =>
    db.transaction(async (tx) => {
      const [unfinished] = await tx
        .select({ id: owners.id })
        .from(owners)
        .where(and(eq(owners.id, id), isUnfinished))
        .for("no key update")
      if (!unfinished) return true
      const isWithoutCredentials = await endCredentials(tx, id)
      const isStripped = await stripTrail(tx, id)
      if (!isWithoutCredentials || !isStripped) return false
      await finish(tx, id)
      return true
    }),
)

const isUnfinished = and(isNotNull(owners.erasedAt), isNull(owners.strippedAt))

/** Returns the ids of owners whose erasure has begun and is not finished, at most `limit`. */
export const findUnfinishedErasures = query(async (db, { limit }: { limit: number }): Promise<string[]> => {
  const rows = await db
    .select({ id: owners.id })
    .from(owners)
    .where(isUnfinished)
    .orderBy(asc(owners.id))
    .limit(limit)
  return rows.map(({ id }) => id)
})

/** No subject contains a control character, so this can't be the subject of anybody else. */
const anonymousOf = (id: string) => `\u007f${id}`

/**
 * Inserts and locks the row of an owner who had none. An import in progress may have inserted one with keys, which
 * must be ended too, so this waits for it.
 */
async function takeRow(tx: Database, owner: OwnerIdentity): Promise<void> {
  await ensureOwner(tx, { ...owner, subject: anonymousOf(owner.id) })
  await tx.select({ id: owners.id }).from(owners).where(eq(owners.id, owner.id)).for("no key update")
}

/**
 * Changes key columns of the row, so it waits for all transactions that hold a reference to it. These may themselves
 * be waiting for sessions and keys, so this comes after the locks on those.
 */
export async function eraseRow(tx: Database, id: string): Promise<void> {
  await tx
    .update(owners)
    .set({
      subject: sql`case when ${owners.issuer} = ${OWN_ISSUER} then ${owners.subject} else ${anonymousOf(id)} end`,
      email: null,
      passwordHash: null,
      emailVerifiedAt: null,
      mustVerifyEmail: false,
      role: "user",
      disabledAt: sql`coalesce(${owners.disabledAt}, now())`,
      erasedAt: sql`now()`,
    })
    .where(eq(owners.id, id))
}

const finish = (tx: Database, id: string) =>
  tx.update(owners).set({ strippedAt: sql`now()` }).where(eq(owners.id, id))

/** Deletes sessions, and revokes and strips keys. @returns whether all are done with. */
async function endCredentials(tx: Database, ownerId: string): Promise<boolean> {
  const some = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.userId, ownerId))
    .limit(ROWS_AT_ONCE)
    .for("update")
  const deleted = await tx.delete(sessions).where(inArray(sessions.id, some)).returning({ id: sessions.id })

  const ids = await findKeys(tx, ownerId)
  const isOne = anyOf(apiKeys.id, joinIds(ids))
  // In the order in which other transactions lock them.
  await tx.select({ id: apiKeys.id }).from(apiKeys).where(isOne).orderBy(apiKeys.id).for("no key update")
  await tx
    .update(apiKeys)
    .set({
      ...revocation,
      revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())`,
      label: "",
      metadata: null,
      allowedIps: null,
      createdBy: ownerId,
    })
    .where(isOne)
  return deleted.length < ROWS_AT_ONCE && ids.length < ROWS_AT_ONCE
}

/** The ids of some of the owner's keys that are not stripped yet. Only an erased key has an empty label. */
async function findKeys(tx: Database, ownerId: string): Promise<string[]> {
  const keys = await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.ownerId, ownerId), ne(apiKeys.label, "")))
    .orderBy(apiKeys.id)
    .limit(ROWS_AT_ONCE)
  return keys.map(({ id }) => id)
}

const hasClient = or(
  isNotNull(auditEvents.address),
  isNotNull(auditEvents.device),
  isNotNull(auditEvents.actor),
)

const withoutClient = { address: null, device: null, actor: null }

/**
 * Removes personal data from the owner's audit trail: names, addresses and devices, but not those of administrators
 * who acted. In the trails of others, removes the owner's data from events in which they acted as an administrator.
 *
 * @returns whether all events are done with.
 */
async function stripTrail(tx: Database, ownerId: string): Promise<boolean> {
  const isByAdmin = and(isNotNull(auditEvents.actorId), ne(auditEvents.actorId, ownerId))
  const unlessByAdmin = (column: SQL.Aliased | unknown) => sql`case when ${isByAdmin} then ${column} end`
  const ofOwner = await updateSome(
    tx,
    and(
      eq(auditEvents.ownerId, ownerId),
      or(
        isNotNull(auditEvents.subjectLabel),
        isNotNull(auditEvents.changes),
        // It may name an address.
        isNotNull(auditEvents.summaryOf),
        and(hasClient, sql`not (${isByAdmin})`),
      ),
    ),
    {
      subjectLabel: null,
      changes: null,
      summaryOf: null,
      address: unlessByAdmin(auditEvents.address),
      device: unlessByAdmin(auditEvents.device),
      actor: unlessByAdmin(auditEvents.actor),
    },
  )
  const byOwner = await updateSome(tx, and(eq(auditEvents.actorId, ownerId), hasClient), withoutClient)
  return ofOwner < ROWS_AT_ONCE && byOwner < ROWS_AT_ONCE
}

/** Updates some of the events that match. @returns how many. */
async function updateSome(
  tx: Database,
  condition: SQL | undefined,
  values: PgUpdateSetSource<typeof auditEvents>,
): Promise<number> {
  const some = tx
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(condition)
    .limit(ROWS_AT_ONCE)
    .for("no key update")
  const updated = await tx
    .update(auditEvents)
    .set(values)
    .where(inArray(auditEvents.id, some))
    .returning({ id: auditEvents.id })
  return updated.length
}
