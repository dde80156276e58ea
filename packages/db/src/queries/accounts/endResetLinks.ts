import { and, eq, inArray, sql } from "drizzle-orm"
import type { Database } from "../../database.ts"
import { accountTokens } from "../../schema/accounts.ts"

/**
 * Ends the links to set the passwords of users who become administrators: another administrator may have created one,
 * and no administrator may take over another's account. The users' rows must be locked.
 */
export async function endResetLinks(tx: Database, userIds: readonly string[]): Promise<void> {
  await tx
    .delete(accountTokens)
    .where(and(inArray(accountTokens.userId, [...userIds]), eq(accountTokens.kind, "passwordReset")))
}

/**
 * Ends the links that administrators have created for users, because the administrators may act no more, or somebody else
 * may have used their sessions. The administrators' rows must be locked.
 *
 * @param options.keptSessionId a session whose links stay valid.
 */
export async function endLinksCreatedBy(
  tx: Database,
  adminIds: readonly string[],
  { keptSessionId }: { keptSessionId?: string } = {},
): Promise<void> {
  const isOfOther =
    keptSessionId === undefined
      ? undefined
      : sql`${accountTokens.createdInSession} is distinct from ${keptSessionId}`
  await tx.delete(accountTokens).where(and(inArray(accountTokens.createdBy, [...adminIds]), isOfOther))
}

/** The same for the links that were created in one session. The session's row must be locked. */
export async function endLinksCreatedIn(tx: Database, sessionId: string): Promise<void> {
  await tx.delete(accountTokens).where(eq(accountTokens.createdInSession, sessionId))
}
