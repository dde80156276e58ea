import { and, eq, sql } from "drizzle-orm"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { query } from "../../query.ts"
import { recoveryCodes, secondFactors } from "../../schema/accounts.ts"
import { owners } from "../../schema/owners.ts"

export interface AccountState {
  email: string
  /** Whether `ADMIN_EMAILS` does not count for the account yet. */
  mustVerifyEmail: boolean
  emailVerifiedAt: Date | null
  /** When the second factor was set up; null without one. */
  secondFactorAt: Date | null
  recoveryCodes: number
}

/** How one of Latchkey's own accounts is protected. */
export const findAccount = query(async (db, { userId }: { userId: string }): Promise<AccountState | null> => {
  const codes = db
    .select({ codes: sql`count(*)::int` })
    .from(recoveryCodes)
    .where(eq(recoveryCodes.userId, owners.id))
  const [row] = await db
    .select({
      email: sql<string>`${owners.email}`,
      mustVerifyEmail: owners.mustVerifyEmail,
      emailVerifiedAt: owners.emailVerifiedAt,
      secondFactorAt: secondFactors.enabledAt,
      recoveryCodes: sql<number>`(${codes})`,
    })
    .from(owners)
    .leftJoin(secondFactors, eq(secondFactors.userId, owners.id))
    .where(and(onPrimary, eq(owners.id, userId)))
  return row ?? null
})
