import { and, eq, gt, isNotNull, isNull, lt, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { query, takeAway, write } from "../../query.ts"
import { recoveryCodes, secondFactors } from "../../schema/accounts.ts"
import { owners } from "../../schema/owners.ts"
import { type SessionCredential, withAuthority } from "../owners/authority.ts"
import { endOtherSessions } from "../sessions/endSessions.ts"
import { byOwner, recordEvent } from "../trail/auditEvents.ts"
import { endUnfinished } from "./accountTokens.ts"

/** A TOTP secret, encrypted by the server secret with this id. */
export interface SealedSecret {
  sealedSecret: Uint8Array
  secretId: string
}

/** The result of checking a code. The database decides whether the code may still be used. */
export type SecondFactorProof =
  /**
   * A code of this time step, for this secret. Includes the secret, encrypted again, if its server secret is a
   * previous one.
   */
  | { by: "totp"; sealedSecret: Uint8Array; step: number; resealed: SealedSecret | null }
  | { by: "recoveryCode"; codeHash: Uint8Array }

export interface StoredSecondFactor extends SealedSecret {
  /** Null while it is being set up. */
  enabledAt: Date | null
  /** How many recovery codes are left. */
  recoveryCodes: number
}

const countCodes = (db: Database) =>
  sql<number>`(${db
    .select({ codes: sql`count(*)::int` })
    .from(recoveryCodes)
    .where(eq(recoveryCodes.userId, secondFactors.userId))})`

/** A user's second factor, also while it is being set up. */
export const findSecondFactor = query(
  async (db, { userId }: { userId: string }): Promise<StoredSecondFactor | null> => {
    const [row] = await db
      .select({
        sealedSecret: secondFactors.sealedSecret,
        secretId: secondFactors.secretId,
        enabledAt: secondFactors.enabledAt,
        recoveryCodes: countCodes(db),
      })
      .from(secondFactors)
      .where(and(onPrimary, eq(secondFactors.userId, userId)))
    return row ?? null
  },
)

/** Whether a user has set up a second factor. */
export const hasSecondFactor = query(async (db, { userId }: { userId: string }): Promise<boolean> => {
  const [row] = await db
    .select({ userId: secondFactors.userId })
    .from(secondFactors)
    .where(and(onPrimary, isEnabledFor(userId)))
  return row !== undefined
})

const isEnabledFor = (userId: string) =>
  and(eq(secondFactors.userId, userId), isNotNull(secondFactors.enabledAt))

/**
 * Uses up a code. It is one conditional statement, so of concurrent uses only one succeeds. The user's row must be
 * locked.
 *
 * @returns whether the code was still valid.
 */
export async function useSecondFactor(
  tx: Database,
  { userId, proof }: { userId: string; proof: SecondFactorProof },
): Promise<boolean> {
  if (proof.by === "recoveryCode") {
    const used = await tx
      .delete(recoveryCodes)
      .where(and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.codeHash, proof.codeHash)))
      .returning({ userId: recoveryCodes.userId })
    return used.length === 1
  }
  const used = await tx
    .update(secondFactors)
    .set({ lastStep: proof.step, ...proof.resealed })
    .where(
      and(
        isEnabledFor(userId),
        eq(secondFactors.sealedSecret, proof.sealedSecret),
        lt(secondFactors.lastStep, proof.step),
      ),
    )
    .returning({ userId: secondFactors.userId })
  return used.length === 1
}

/** A change of a second factor by its user, whose password was just checked. */
interface ByUser {
  by: SessionCredential
  checkedHash: string
  client: ClientInfo
}

const hasPassword = async (tx: Database, { by, checkedHash }: ByUser) =>
  (
    await tx
      .select({ id: owners.id })
      .from(owners)
      .where(and(eq(owners.id, by.owner.id), eq(owners.passwordHash, checkedHash)))
  ).length === 1

/** Begins a setup, which replaces one that was not completed. */
export const beginSecondFactor = write(
  async (
    db,
    params: ByUser & { sealed: SealedSecret },
  ): Promise<"begun" | "ended" | "otherPassword" | "exists"> =>
    withAuthority(db, params.by, async (tx) => {
      if (!(await hasPassword(tx, params))) return "otherPassword"
      const begun = await tx
        .insert(secondFactors)
        .values({ userId: params.by.owner.id, ...params.sealed })
        .onConflictDoUpdate({
          target: secondFactors.userId,
          set: { ...params.sealed, createdAt: sql`now()` },
          setWhere: isNull(secondFactors.enabledAt),
        })
        .returning({ userId: secondFactors.userId })
      return begun.length === 1 ? "begun" : "exists"
    }),
)

/** How long a setup remains open. */
const SETUP_SECONDS = 3600

/** Completes a setup with a code of its secret, stores the first recovery codes, and ends the user's other sessions. */
export const enableSecondFactor = takeAway(
  async (
    db,
    params: {
      by: SessionCredential
      sealedSecret: Uint8Array
      step: number
      codeHashes: readonly Uint8Array[]
      client: ClientInfo
    },
  ): Promise<"enabled" | "ended" | "notBegun"> =>
    withAuthority(db, params.by, async (tx) => {
      const { by, client } = params
      const userId = by.owner.id
      const enabled = await tx
        .update(secondFactors)
        .set({ enabledAt: sql`now()`, lastStep: params.step })
        .where(
          and(
            eq(secondFactors.userId, userId),
            isNull(secondFactors.enabledAt),
            eq(secondFactors.sealedSecret, params.sealedSecret),
            gt(secondFactors.createdAt, sql`now() - make_interval(secs => ${SETUP_SECONDS})`),
          ),
        )
        .returning({ userId: secondFactors.userId })
      if (enabled.length === 0) return "notBegun"
      await replaceCodes(tx, { userId, codeHashes: params.codeHashes })
      await endOtherSessions(tx, { userId, keptId: by.credentialId })
      await recordEvent(tx, { ...byOwner(by), kind: "secondFactorEnabled", client })
      return "enabled"
    }),
)

async function replaceCodes(
  tx: Database,
  { userId, codeHashes }: { userId: string; codeHashes: readonly Uint8Array[] },
) {
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
  await tx.insert(recoveryCodes).values(codeHashes.map((codeHash) => ({ userId, codeHash })))
}

type ChangeResult = "done" | "ended" | "otherPassword" | "wrongCode"

/** Replaces the recovery codes and ends the user's other sessions. */
export const renewRecoveryCodes = takeAway(
  async (
    db,
    params: ByUser & { proof: SecondFactorProof; codeHashes: readonly Uint8Array[] },
  ): Promise<ChangeResult> =>
    changeByUser(db, params, async (tx, userId) => {
      await replaceCodes(tx, { userId, codeHashes: params.codeHashes })
      return "recoveryCodesRenewed"
    }),
)

/** Removes the second factor and ends the user's other sessions. */
export const removeSecondFactor = takeAway(
  async (db, params: ByUser & { proof: SecondFactorProof }): Promise<ChangeResult> =>
    changeByUser(db, params, async (tx, userId) => {
      await deleteSecondFactor(tx, userId)
      return "secondFactorDisabled"
    }),
)

const changeByUser = (
  db: Database,
  params: ByUser & { proof: SecondFactorProof },
  change: (tx: Database, userId: string) => Promise<"recoveryCodesRenewed" | "secondFactorDisabled">,
): Promise<ChangeResult> =>
  withAuthority(db, params.by, async (tx) => {
    const { by, proof, client } = params
    const userId = by.owner.id
    if (!(await hasPassword(tx, params))) return "otherPassword"
    if (!(await useSecondFactor(tx, { userId, proof }))) return "wrongCode"
    const kind = await change(tx, userId)
    await endOtherSessions(tx, { userId, keptId: by.credentialId })
    await recordEvent(tx, { ...byOwner(by), kind, client })
    return "done"
  })

/**
 * Deletes a second factor with everything that belongs to it. The user's row must be locked. @returns whether it was
 * enabled.
 */
export async function deleteSecondFactor(tx: Database, userId: string): Promise<boolean> {
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
  const deleted = await tx
    .delete(secondFactors)
    .where(eq(secondFactors.userId, userId))
    .returning({ enabledAt: secondFactors.enabledAt })
  await endUnfinished(tx, userId)
  return deleted.some(({ enabledAt }) => enabledAt !== null)
}
