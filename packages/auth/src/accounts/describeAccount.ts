import type { Account } from "@latchkey/contract"
import { type Database, findAccount } from "@latchkey/db"
import { unauthenticated } from "../errors.ts"

/**
 * How the account of a session is protected.
 *
 * @param session.secondFactor set if the user is an administrator who needs a second factor.
 */
export type DescribeAccount = (session: {
  userId: string
  secondFactor: "present" | "missing" | undefined
}) => Promise<Account>

export const createDescribeAccount =
  (
    db: Database,
    { sendsMail, adminEmails }: { sendsMail: boolean; adminEmails: readonly string[] },
  ): DescribeAccount =>
  async ({ userId, secondFactor }) => {
    const account = await findAccount(db, { userId })
    if (!account) throw unauthenticated()
    const emailVerified = account.emailVerifiedAt !== null
    const mustVerify = account.mustVerifyEmail && adminEmails.includes(account.email)
    return {
      emailVerified,
      canVerifyEmail: sendsMail && (!emailVerified || mustVerify),
      secondFactor: {
        enabledAt: account.secondFactorAt,
        recoveryCodes: account.recoveryCodes,
        required: secondFactor !== undefined,
      },
    }
  }
