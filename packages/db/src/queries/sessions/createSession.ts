import { and, eq, isNotNull, isNull, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { write } from "../../query.ts"
import { recoveryCodes, secondFactors, signInChallenges } from "../../schema/accounts.ts"
import { owners } from "../../schema/owners.ts"
import { makeRoom, type NewSession, openSession } from "./openSession.ts"

/** A sign-in that waits for the second factor. */
export interface NewChallenge {
  /** SHA-256 of the challenge. */
  challengeHash: Uint8Array
  /** Seconds until it ends. */
  ttl: number
}

export interface PendingSecondFactor {
  /** Identifies the server secret that encrypts the TOTP secret. */
  secretId: string
  /** How many recovery codes are left. */
  recoveryCodes: number
}

async function findEnabledFactor(tx: Database, userId: string): Promise<PendingSecondFactor | null> {
  const [factor] = await tx
    .select({ secretId: secondFactors.secretId })
    .from(secondFactors)
    .where(and(eq(secondFactors.userId, userId), isNotNull(secondFactors.enabledAt)))
  if (!factor) return null
  const codes = eq(recoveryCodes.userId, userId)
  return { ...factor, recoveryCodes: await tx.$count(recoveryCodes, codes) }
}

async function storeChallenge(
  tx: Database,
  { userId, challenge: { challengeHash, ttl } }: { userId: string; challenge: NewChallenge },
) {
  const expiresAt = sql`now() + make_interval(secs => ${ttl})`
  await tx.insert(signInChallenges).values({ userId, challengeHash, expiresAt })
}

/**
 * Opens a session for a user whose password was just checked. At the maximum, the least recently used sessions end.
 * The user's row is locked against a concurrent password change: if the session comes first, the change ends it;
 * otherwise it is refused.
 *
 * A user with a second factor gets no session. The challenge is stored instead.
 *
 * @returns whether the user is still enabled and has that password hash, or how the sign-in can be completed.
 */
export const createSession = write(
  async (
    db,
    params: {
      userId: string
      checkedHash: string
      session: NewSession
      challenge?: NewChallenge
      client: ClientInfo
    },
  ): Promise<boolean | PendingSecondFactor> =>
    db.transaction(async (tx) => {
      const { userId, checkedHash, session, challenge, client } = params
      const [user] = await tx
        .select({ id: owners.id })
        .from(owners)
        .where(and(eq(owners.id, userId), eq(owners.passwordHash, checkedHash), isNull(owners.disabledAt)))
        .for("no key update")
      if (!user) return false
      const factor = await findEnabledFactor(tx, userId)
      if (factor) {
        if (challenge) await storeChallenge(tx, { userId, challenge })
        return factor
      }
      await makeRoom(tx, { userId, client })
      await openSession(tx, { userId, kind: "loggedIn", session, client })
      return true
    }),
)
