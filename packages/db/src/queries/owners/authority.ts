import { and, arrayContains, eq, inArray, isNotNull, isNull, sql } from "drizzle-orm"
import type { Database } from "../../database.ts"
import { secondFactors } from "../../schema/accounts.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { owners } from "../../schema/owners.ts"
import { sessions } from "../../schema/sessions.ts"
import { anyOf, joinIds } from "../anyOf.ts"
import { isActive, isLive, isOneOrReplacedBy } from "../keys/isValid.ts"
import { OWN_ISSUER, type OwnerIdentity } from "./ownerColumns.ts"

/** The owner on whose behalf a change is requested, and the credential that authenticated the request. */
export type ActingCredential = {
  owner: OwnerIdentity
  /** The person who acts for the owner, if that is somebody else. */
  actor?: string
} & (
  | { via: "session"; credentialId: string }
  /** With the scope that the key must still have, if it acts by a scope. */
  | { via: "apiKey"; credentialId: string; scope?: string }
  /** A key that is part of the server's configuration, and has no row. */
  | { via: "configuredKey" }
  /** An administrator's key that manages keys of others. The owner has not authenticated. */
  | { via: "managingKey"; manager: ByAdmin }
  /** A token that an administrator's key has created for the owner, and the time until which it may be used. */
  | { via: "ownerToken"; manager: ByAdmin; endsAt: Date }
  /** A trusted issuer's token, and the time until which it may be used. */
  | { via: "accessToken"; endsAt: Date }
  /** The host has identified the caller. */
  | { via: "host" }
  /** The host's own code, without a request. */
  | { via: "server" }
)

export type SessionCredential = Extract<ActingCredential, { via: "session" }>

/** A session as the acting credential. */
export const sessionCredential = ({
  userId,
  sessionId,
}: {
  userId: string
  sessionId: string
}): SessionCredential => ({
  owner: { id: userId, issuer: OWN_ISSUER, subject: userId },
  via: "session",
  credentialId: sessionId,
})

/**
 * Runs a change on behalf of a caller, in a transaction that first checks that the caller may still act: the owner is
 * enabled, and the credential has not ended, expired or been revoked. A concurrent change that would end one of them
 * either commits first, and the check sees it, or waits for this transaction.
 *
 * To prevent deadlocks, locks are taken in a fixed order (owners by id, then sessions, then keys by id) and at full
 * strength from the start. As the owner is locked first, changes by the same owner are serialized. The row locks are
 * "no key update", which don't block inserts of events that refer to the owner.
 *
 * @param options.keyId the key that the change updates, possibly together with the key that it replaces.
 * @returns `ended` if the caller may no longer act; nothing was changed.
 */
export async function withAuthority<Result>(
  db: Database,
  credential: ActingCredential,
  change: (tx: Database) => Promise<Result>,
  { keyId }: { keyId?: string } = {},
): Promise<Result | "ended"> {
  return db.transaction(async (tx) => {
    const { owner, ...by } = credential
    const manager = "manager" in by ? by.manager : undefined
    const locked = await lockOwners(tx, manager ? [owner, manager.owner] : [owner])
    const find = (id: string) => locked.find((row) => row.id === id)
    if (manager?.via === "apiKey" && keyId !== undefined) {
      await lockKeys(tx, { keyId, managingKeyId: manager.credentialId, owners: [owner, manager.owner] })
    }
    if (manager && !(await mayStillAdminister(tx, manager, find(manager.owner.id)))) return "ended"
    return (await mayStillAct(tx, credential, find(owner.id))) ? change(tx) : "ended"
  })
}

/** Inserts the row of an owner without an account of Latchkey's own, if there is none. The owner must be locked. */
export async function ensureOwner(tx: Database, { id, issuer, subject }: OwnerIdentity): Promise<void> {
  if (issuer !== OWN_ISSUER) await tx.insert(owners).values({ id, issuer, subject }).onConflictDoNothing()
}

/** The administrator who makes a change. */
export type ByAdmin = ActingCredential & {
  /** `account`: by the role in the database. `host`: by the host's configuration or code. */
  appointedBy: "account" | "host"
  /** The issuers whose owners, with their keys, exist for this administrator; all if left out. */
  issuers?: readonly string[]
  /** Whether the administrator must have a second factor. */
  needsSecondFactor?: boolean
}

/** An owner with a row, by id, or an owner who may have no row yet. */
export type AffectedOwner = { id: string } | OwnerIdentity

/**
 * Like `withAuthority`, for an administrator, who must also still be one.
 *
 * @param params.affected the affected owner, who is locked as well; `change` receives the row.
 * @param params.keysToEnd finds the keys that the change will end, to lock them together with a managing key.
 */
export async function withAdminAuthority<Result>(
  db: Database,
  {
    by,
    affected,
    keysToEnd,
  }: { by: ByAdmin; affected?: AffectedOwner; keysToEnd?: (tx: Database) => Promise<readonly string[]> },
  change: (tx: Database, owner: LockedOwner | undefined) => Promise<Result>,
): Promise<Result | "ended" | "notAdmin" | "notFound"> {
  return db.transaction(async (tx) => {
    const locked = await lockOwners(tx, affected ? [by.owner, affected] : [by.owner])
    const find = (id: string | undefined) => locked.find((owner) => owner.id === id)
    const admin = find(by.owner.id)
    if (keysToEnd && by.via === "apiKey") await lockInOrder(tx, [...(await keysToEnd(tx)), by.credentialId])
    if (!(await mayStillAct(tx, by, admin))) return "ended"
    if (by.appointedBy === "account" && admin?.role !== "admin") return "notAdmin"
    if (by.needsSecondFactor && !(await hasEnabledFactor(tx, by.owner.id))) return "notAdmin"
    if (!existsFor(by, affected, find(affected?.id))) return "notFound"
    return change(tx, find(affected?.id))
  })
}

/** Second factors change only under the lock of their owner's row. */
const hasEnabledFactor = (tx: Database, userId: string) =>
  isThere(
    tx
      .select({ userId: secondFactors.userId })
      .from(secondFactors)
      .where(and(eq(secondFactors.userId, userId), isNotNull(secondFactors.enabledAt))),
  )

type LockedOwner = Pick<
  typeof owners.$inferSelect,
  "id" | "issuer" | "email" | "role" | "disabledAt" | "erasedAt"
>

/** An id without a row exists for nobody, which the changes find out themselves. */
function existsFor(by: ByAdmin, affected: AffectedOwner | undefined, row: LockedOwner | undefined): boolean {
  const { issuer } = row ?? (affected && "issuer" in affected ? affected : { issuer: undefined })
  return issuer === undefined || by.issuers === undefined || by.issuers.includes(issuer)
}

/**
 * Locks owners and returns the rows that exist. An owner without an account of Latchkey's own may have no row to
 * lock, so advisory locks come first. Otherwise the owner could be disabled for the first time while a change on
 * their behalf is in progress.
 */
async function lockOwners(tx: Database, identified: readonly AffectedOwner[]): Promise<LockedOwner[]> {
  const ids = [...new Set(identified.map(({ id }) => id))]
  const external = new Set(identified.filter(mayHaveNoRow).map(({ id }) => id))
  for (const id of [...external].sort()) {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`latchkey owner ${id}`}, 0))`)
  }
  return tx
    .select({
      id: owners.id,
      issuer: owners.issuer,
      email: owners.email,
      role: owners.role,
      disabledAt: owners.disabledAt,
      erasedAt: owners.erasedAt,
    })
    .from(owners)
    .where(inArray(owners.id, ids))
    .orderBy(owners.id)
    .for("no key update")
}

/**
 * Locks keys in the order of their ids, in which their uses are recorded too, including the key that `keyId`
 * replaces.
 */
async function lockKeys(
  tx: Database,
  {
    keyId,
    managingKeyId,
    owners,
  }: { keyId: string; managingKeyId: string; owners: readonly OwnerIdentity[] },
): Promise<void> {
  const ownerIds = owners.map(({ id }) => id)
  await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(inArray(apiKeys.ownerId, ownerIds), isOneOrReplacedBy([keyId, managingKeyId], keyId)))
    .orderBy(apiKeys.id)
    .for("no key update")
}

/** Locks keys in the order of their ids. */
async function lockInOrder(tx: Database, ids: readonly string[]): Promise<void> {
  await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(anyOf(apiKeys.id, joinIds(ids)))
    .orderBy(apiKeys.id)
    .for("no key update")
}

/** Whether an owner can exist without a row: everybody except Latchkey's own accounts. */
export const mayHaveNoRow = (owner: AffectedOwner): owner is OwnerIdentity =>
  "issuer" in owner && owner.issuer !== OWN_ISSUER

const mayStillAdminister = async (tx: Database, by: ByAdmin, row: LockedOwner | undefined) =>
  (await mayStillAct(tx, by, row)) && (by.appointedBy === "host" || row?.role === "admin")

async function mayStillAct(
  tx: Database,
  credential: ActingCredential,
  row: LockedOwner | undefined,
): Promise<boolean> {
  if (row ? row.disabledAt !== null : !mayHaveNoRow(credential.owner)) return false
  const ownerId = credential.owner.id
  switch (credential.via) {
    case "session":
      return isThere(
        tx
          .select({ id: sessions.id })
          .from(sessions)
          .where(and(eq(sessions.id, credential.credentialId), eq(sessions.userId, ownerId), isLive))
          .for("no key update"),
      )
    case "apiKey":
      return isThere(
        tx
          .select({ id: apiKeys.id })
          .from(apiKeys)
          .where(
            and(
              eq(apiKeys.id, credential.credentialId),
              eq(apiKeys.ownerId, ownerId),
              isActive,
              isNull(apiKeys.disabledAt),
              credential.scope === undefined ? undefined : arrayContains(apiKeys.scopes, [credential.scope]),
            ),
          )
          .for("no key update"),
      )
    case "accessToken":
    case "ownerToken":
      // By this server's clock, as when the token was verified.
      return Date.now() < credential.endsAt.getTime()
    case "configuredKey":
    case "managingKey":
    case "host":
    case "server":
      return true
  }
}

const isThere = async (rows: PromiseLike<unknown[]>) => (await rows).length === 1
