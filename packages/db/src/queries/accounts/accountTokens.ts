import { and, eq, gt, isNull, sql } from "drizzle-orm"
import type { Database } from "../../database.ts"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { query } from "../../query.ts"
import { accountTokens, secondFactors, signInChallenges } from "../../schema/accounts.ts"
import { owners } from "../../schema/owners.ts"
import type { ByAdmin } from "../owners/authority.ts"
import { type User, userColumns } from "../owners/ownerColumns.ts"

type Kind = (typeof accountTokens.$inferSelect)["kind"]

export interface NewAccountToken {
  /** SHA-256 of the token. */
  tokenHash: Uint8Array
  /** Seconds until it expires. */
  ttl: number
}

/**
 * Stores a token, which replaces an earlier one of its kind. The user's row must be locked.
 *
 * @param params.by the administrator who creates it for the user.
 * @returns when it expires.
 */
export async function replaceToken(
  tx: Database,
  params: { userId: string; kind: Kind; token: NewAccountToken; by?: ByAdmin },
): Promise<Date> {
  const { userId, kind, token, by } = params
  const changed = {
    tokenHash: token.tokenHash,
    expiresAt: sql`now() + make_interval(secs => ${token.ttl})`,
    createdBy: by?.owner.id ?? null,
    createdInSession: by?.via === "session" ? by.credentialId : null,
  }
  const [row] = await tx
    .insert(accountTokens)
    .values({ userId, kind, ...changed })
    .onConflictDoUpdate({ target: [accountTokens.userId, accountTokens.kind], set: changed })
    .returning({ expiresAt: accountTokens.expiresAt })
  if (!row) throw new TypeError("upsert returned no row")
  return row.expiresAt
}

/** The user of a token that is valid now; null for any other token. */
export const findUserOfToken = query(
  async (db, { kind, tokenHash }: { kind: Kind; tokenHash: Uint8Array }): Promise<User | null> => {
    const [row] = await db
      .select(userColumns)
      .from(owners)
      .innerJoin(accountTokens, and(eq(accountTokens.userId, owners.id), isValidToken(kind, tokenHash)))
      .where(and(onPrimary, isNull(owners.disabledAt)))
    return row ?? null
  },
)

/** Uses up a token. The user's row must be locked. @returns whether the token was valid. */
export async function useToken(
  tx: Database,
  { userId, kind, tokenHash }: { userId: string; kind: Kind; tokenHash: Uint8Array },
): Promise<boolean> {
  const used = await tx
    .delete(accountTokens)
    .where(and(eq(accountTokens.userId, userId), isValidToken(kind, tokenHash)))
    .returning({ userId: accountTokens.userId })
  return used.length === 1
}

const isValidToken = (kind: Kind, tokenHash: Uint8Array) =>
  and(
    eq(accountTokens.kind, kind),
    eq(accountTokens.tokenHash, tokenHash),
    gt(accountTokens.expiresAt, sql`now()`),
  )

/**
 * Ends everything that somebody who knew an earlier password, or received a link, may still complete without the current
 * password: a link to set a new one, sign-ins that wait for the second factor, and the setup of a second factor. The user's
 * row must be locked.
 */
export async function endUnfinished(tx: Database, userId: string): Promise<void> {
  await tx
    .delete(accountTokens)
    .where(and(eq(accountTokens.userId, userId), eq(accountTokens.kind, "passwordReset")))
  await tx.delete(signInChallenges).where(eq(signInChallenges.userId, userId))
  await tx.delete(secondFactors).where(and(eq(secondFactors.userId, userId), isNull(secondFactors.enabledAt)))
}
