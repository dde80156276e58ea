import { and, eq, isNotNull, isNull, ne, notExists, type SQL, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { accountTokens, recoveryCodes, secondFactors, signInChallenges } from "../schema/accounts.ts"
import { owners } from "../schema/owners.ts"
import { sessions } from "../schema/sessions.ts"
import { type ChangeOf, recordset } from "./recordset.ts"

/**
 * A recovery code may have been used since. If another second factor was set up since, the password alone must not be enough.
 */
export async function applyFactors(tx: Database, changes: readonly ChangeOf<"factor">[]) {
  const after = recordset(
    changes.map(({ id, state }) => ({ id, ...state })),
    sql`id uuid, "enabledAt" timestamptz`,
  )
  const isChanged = sql`${recoveryCodes.userId} in (select after.id from ${after})`
  await tx.delete(recoveryCodes).where(isChanged)
  const removed = await tx
    .delete(secondFactors)
    .where(sql`${secondFactors.userId} in (select after.id from ${after} where after."enabledAt" is null)`)
    .returning({ userId: secondFactors.userId })
  const same = tx
    .select({ userId: secondFactors.userId })
    .from(secondFactors)
    .where(and(eq(secondFactors.userId, owners.id), sql`${secondFactors.enabledAt} = after."enabledAt"`))
  const unprotected = await tx
    .select({ id: owners.id })
    .from(owners)
    .innerJoin(after, sql`after.id = ${owners.id}`)
    .where(and(sql`after."enabledAt" is not null`, notExists(same)))
  return { changed: removed.length + unprotected.length, unprotected: unprotected.map(({ id }) => id) }
}

/** Replaces the passwords of accounts. @returns how many. */
export async function endPasswords(
  tx: Database,
  condition: SQL | undefined,
  unusableHash: string,
): Promise<number> {
  const ended = await tx
    .update(owners)
    .set({ passwordHash: unusableHash })
    .where(and(condition, isNotNull(owners.passwordHash), ne(owners.passwordHash, unusableHash)))
    .returning({ id: owners.id })
  return ended.length
}

/**
 * Ends all sessions, links, sign-ins under way and setups of second factors, as any of them may have been used or ended
 * since.
 */
export async function endSignIns(tx: Database): Promise<void> {
  await tx.update(sessions).set({ endedAt: sql`now()` }).where(isNull(sessions.endedAt))
  await tx.delete(accountTokens)
  await tx.delete(signInChallenges)
  await tx.delete(secondFactors).where(isNull(secondFactors.enabledAt))
}
