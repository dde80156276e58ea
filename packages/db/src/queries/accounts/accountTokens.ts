import { and, eq, gt, inArray, isNull, or, sql } from "drizzle-orm"
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

/** The administrators who have no role in the database. */
export interface AppointedAdmins {
  /** The ids of those whom the configuration names. */
  ids: readonly string[]
  /** Whether the host may appoint others, who can't be known here. */
  mayBeOthers: boolean
}

interface PresentedToken {
  kind: Kind
  tokenHash: Uint8Array
  /** Who may have created it, besides the user, the operator and administrators by their role. Default: nobody. */
  admins?: AppointedAdmins
}

/** The user of a token that is valid now; null for any other token. */
export const findUserOfToken = query(async (db, token: PresentedToken): Promise<User | null> => {
  const [row] = await db
    .select(userColumns)
    .from(owners)
    .innerJoin(accountTokens, and(eq(accountTokens.userId, owners.id), isValidToken(token)))
    .where(and(onPrimary, isNull(owners.disabledAt)))
  return row ?? null
})

/** Uses up a token. The user's row must be locked. @returns whether the token was valid. */
export async function useToken(
  tx: Database,
  { userId, ...token }: PresentedToken & { userId: string },
): Promise<boolean> {
  const used = await tx
    .delete(accountTokens)
    .where(and(eq(accountTokens.userId, userId), isValidToken(token)))
    .returning({ userId: accountTokens.userId })
  return used.length === 1
}

const NOBODY: AppointedAdmins = { ids: [], mayBeOthers: false }

const isValidToken = ({ kind, tokenHash, admins = NOBODY }: PresentedToken) =>
  and(
    eq(accountTokens.kind, kind),
    eq(accountTokens.tokenHash, tokenHash),
    gt(accountTokens.expiresAt, sql`now()`),
    mayHaveBeenCreated(admins),
  )

/**
 * Whether the token is the user's own or the operator's, or its creator is still an administrator. The end of a role in the
 * database ends its tokens, but the database does not know whom the configuration names no longer.
 */
const mayHaveBeenCreated = ({ ids, mayBeOthers }: AppointedAdmins) =>
  mayBeOthers
    ? undefined
    : or(
        isNull(accountTokens.createdBy),
        inArray(accountTokens.createdBy, [...ids]),
        sql`exists (select from ${owners} admin where admin.id = ${accountTokens.createdBy} and admin.role = 'admin')`,
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
