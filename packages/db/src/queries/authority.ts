import { and, arrayContains, eq, inArray, isNull, or, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { apiKeys, owners, sessions } from "../schema.ts"
import { isActive, isLive } from "./isValid.ts"
import { OWN_ISSUER, type OwnerIdentity } from "./ownerColumns.ts"

/** The owner on whose behalf a change is requested, and the credential that authenticated the request. */
export type ActingCredential = {
  owner: OwnerIdentity
  /** The person who acts for the owner, if that is somebody else. */
  actor?: string
} & (
  | { via: "session"; credentialId: string }
  /** With the scope that the key must still have, if it acts by one. */
  | { via: "apiKey"; credentialId: string; scope?: string }
  /** A key that is part of the server's configuration, and has no row. */
  | { via: "configuredKey" }
  /** An administrator's key that manages keys of others. The owner has not authenticated. */
  | { via: "managingKey"; manager: ByAdmin }
  /** A token that an administrator's key has made for the owner, and until when it may be used. */
  | { via: "ownerToken"; manager: ByAdmin; endsAt: Date }
  /** A trusted issuer's token, and until when it may be used. */
  | { via: "accessToken"; endsAt: Date }
  /** The host vouches for the request. */
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
 * @param options.keyId the key that the change updates, perhaps with the one that it replaces.
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

/** Inserts the row of an owner without an own account, if they have none. The owner must be locked. */
export async function ensureOwner(tx: Database, { id, issuer, subject }: OwnerIdentity): Promise<void> {
  if (issuer !== OWN_ISSUER) await tx.insert(owners).values({ id, issuer, subject }).onConflictDoNothing()
}

/** The administrator who makes a change. */
export type ByAdmin = ActingCredential & {
  /** `account`: by the role in the database. `host`: by the host's configuration or code. */
  appointedBy: "account" | "host"
  /** Whether own accounts and their keys don't exist for this administrator. */
  exceptOwnAccounts?: boolean
}

/** An owner by id, who has a row, or one who may have none yet. */
export type AffectedOwner = { id: string } | OwnerIdentity

/**
 * Like `withAuthority`, for an administrator, who must also still be one.
 *
 * @param params.affected the affected owner, who is locked as well; `change` receives the row.
 */
export async function withAdminAuthority<Result>(
  db: Database,
  { by, affected }: { by: ByAdmin; affected?: AffectedOwner },
  change: (tx: Database, owner: LockedOwner | undefined) => Promise<Result>,
): Promise<Result | "ended" | "notAdmin" | "notFound"> {
  return db.transaction(async (tx) => {
    const locked = await lockOwners(tx, affected ? [by.owner, affected] : [by.owner])
    const find = (id: string | undefined) => locked.find((owner) => owner.id === id)
    const admin = find(by.owner.id)
    if (!(await mayStillAct(tx, by, admin))) return "ended"
    if (by.appointedBy === "account" && admin?.role !== "admin") return "notAdmin"
    if (by.exceptOwnAccounts && isOwnAccount(affected, find(affected?.id))) return "notFound"
    return change(tx, find(affected?.id))
  })
}

type LockedOwner = Pick<typeof owners.$inferSelect, "id" | "issuer" | "role" | "disabledAt">

const isOwnAccount = (affected: AffectedOwner | undefined, row: LockedOwner | undefined) =>
  row
    ? row.issuer === OWN_ISSUER
    : affected !== undefined && "issuer" in affected && affected.issuer === OWN_ISSUER

/**
 * Locks owners and returns the rows that exist. An owner without an own account may have no row to lock, so advisory
 * locks come first: else the owner could be disabled for the first time while a change on their behalf is under way.
 */
async function lockOwners(tx: Database, identified: readonly AffectedOwner[]): Promise<LockedOwner[]> {
  const ids = [...new Set(identified.map(({ id }) => id))]
  const external = new Set(identified.filter(mayHaveNoRow).map(({ id }) => id))
  for (const id of [...external].sort()) {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`latchkey owner ${id}`}, 0))`)
  }
  return tx
    .select({ id: owners.id, issuer: owners.issuer, role: owners.role, disabledAt: owners.disabledAt })
    .from(owners)
    .where(inArray(owners.id, ids))
    .orderBy(owners.id)
    .for("no key update")
}

/** Locks keys in the order of their ids, in which their uses are recorded too: also the one that `keyId` replaces. */
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
    .where(
      and(
        inArray(apiKeys.ownerId, ownerIds),
        or(inArray(apiKeys.id, [keyId, managingKeyId]), eq(apiKeys.replacedBy, keyId)),
      ),
    )
    .orderBy(apiKeys.id)
    .for("no key update")
}

const mayHaveNoRow = (owner: AffectedOwner) => "issuer" in owner && owner.issuer !== OWN_ISSUER

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
      return isLocked(
        tx
          .select({ id: sessions.id })
          .from(sessions)
          .where(and(eq(sessions.id, credential.credentialId), eq(sessions.userId, ownerId), isLive))
          .for("no key update"),
      )
    case "apiKey":
      return isLocked(
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

const isLocked = async (rows: PromiseLike<unknown[]>) => (await rows).length === 1
