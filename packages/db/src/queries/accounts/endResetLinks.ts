import { and, eq, inArray } from "drizzle-orm"
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
