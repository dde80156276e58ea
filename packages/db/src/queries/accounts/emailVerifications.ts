import { eq, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { write } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import { type SessionCredential, withAuthority } from "../owners/authority.ts"
import { recordEvent } from "../trail/auditEvents.ts"
import { type NewAccountToken, replaceToken, useToken } from "./accountTokens.ts"
import { endResetLinks } from "./endResetLinks.ts"
import { lockUser } from "./lockUser.ts"

/**
 * Stores a link to verify the caller's email, in place of an earlier one.
 *
 * @param params.adminEmails as for `verifyEmail`.
 * @returns `verified` if it is verified already, and another link would change nothing.
 */
export const storeEmailVerification = write(
  async (
    db,
    {
      by,
      token,
      adminEmails,
    }: { by: SessionCredential; token: NewAccountToken; adminEmails: readonly string[] },
  ): Promise<{ email: string; expiresAt: Date } | "ended" | "verified"> =>
    withAuthority(db, by, async (tx) => {
      const userId = by.owner.id
      const [row] = await tx
        .select({
          email: sql<string>`${owners.email}`,
          verifiedAt: owners.emailVerifiedAt,
          mustVerifyEmail: owners.mustVerifyEmail,
        })
        .from(owners)
        .where(eq(owners.id, userId))
      if (!row) return "verified"
      const { email, verifiedAt, mustVerifyEmail } = row
      if (verifiedAt && !(mustVerifyEmail && adminEmails.includes(email))) return "verified"
      const expiresAt = await replaceToken(tx, { userId, kind: "emailVerification", token })
      return { email, expiresAt }
    }),
)

interface Verification {
  userId: string
  tokenHash: Uint8Array
  /** The session of the call, if it has one. */
  by: SessionCredential | null
  /** The emails (lower case) that make an administrator once they are verified. */
  adminEmails: readonly string[]
  client: ClientInfo
}

/**
 * Marks the email of a link's user as verified. The link is used up.
 *
 * Only a call with the account's own session makes an administrator: it proves that the person who has the mail also
 * has the password. Otherwise a stranger could register somebody's email and wait for them to follow the link.
 *
 * @returns `invalid` for a link that is no longer valid. `notSignedIn` for an email of `adminEmails` without a session of
 *   the account; the link stays valid. `ended` if the session has ended.
 */
export const verifyEmail = write(
  async (db, params: Verification): Promise<"verified" | "invalid" | "notSignedIn" | "ended"> => {
    const { userId, by } = params
    return by?.owner.id === userId
      ? withAuthority(db, by, (tx) => verify(tx, params, { isSignedIn: true }))
      : db.transaction((tx) => verify(tx, params, { isSignedIn: false }))
  },
)

async function verify(
  tx: Database,
  { userId, tokenHash, adminEmails, client }: Verification,
  { isSignedIn }: { isSignedIn: boolean },
) {
  const user = await lockUser(tx, eq(owners.id, userId))
  if (!user) return "invalid"
  const isNamed = adminEmails.includes(user.email)
  if (isNamed && !isSignedIn) return "notSignedIn"
  if (!(await useToken(tx, { userId, kind: "emailVerification", tokenHash }))) return "invalid"
  const isPromoted = isNamed && user.role !== "admin"
  await tx
    .update(owners)
    .set({
      emailVerifiedAt: sql`now()`,
      ...(isSignedIn && { mustVerifyEmail: false }),
      ...(isPromoted && { role: "admin" as const }),
    })
    .where(eq(owners.id, userId))
  if (isPromoted) await endResetLinks(tx, [userId])
  await recordEvent(tx, { ownerId: userId, kind: "emailVerified", via: "link", credentialId: null, client })
  return "verified"
}
