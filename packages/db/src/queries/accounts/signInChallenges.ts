import { and, eq, gt, isNotNull, isNull, lt, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { logged, write } from "../../query.ts"
import { secondFactors, signInChallenges } from "../../schema/accounts.ts"
import { owners } from "../../schema/owners.ts"
import { type User, userColumns } from "../owners/ownerColumns.ts"
import { makeRoom, type NewSession, openSession } from "../sessions/openSession.ts"
import { recordEvent } from "../trail/auditEvents.ts"
import { lockUser } from "./lockUser.ts"
import { type SealedSecret, type SecondFactorProof, useSecondFactor } from "./secondFactors.ts"

const isOpen = (challengeHash: Uint8Array) =>
  and(eq(signInChallenges.challengeHash, challengeHash), gt(signInChallenges.expiresAt, sql`now()`))

/**
 * Counts an attempt to answer a challenge, in one statement before the answer is checked, so that concurrent attempts
 * can't exceed the limit.
 *
 * @returns null unless the challenge is open and has an attempt left.
 */
export const countChallengeTry = write(
  async (
    db,
    { challengeHash, maxTries }: { challengeHash: Uint8Array; maxTries: number },
  ): Promise<{ user: User; secret: SealedSecret } | null> => {
    const [row] = await db
      .update(signInChallenges)
      .set({ tries: sql`${signInChallenges.tries} + 1` })
      .from(owners)
      .innerJoin(secondFactors, eq(secondFactors.userId, owners.id))
      .where(
        and(
          isOpen(challengeHash),
          lt(signInChallenges.tries, maxTries),
          eq(owners.id, signInChallenges.userId),
          isNull(owners.disabledAt),
          isNotNull(secondFactors.enabledAt),
        ),
      )
      .returning({
        user: userColumns,
        secret: { sealedSecret: secondFactors.sealedSecret, secretId: secondFactors.secretId },
      })
    return row ?? null
  },
)

/**
 * Opens a session for an answered challenge, which it uses up together with the code. The user's row is locked first:
 * a change of the password or the second factor, or disabling the user, either comes first and has ended the
 * challenge, or waits and ends the session.
 *
 * @returns `ended` if the challenge has ended, `wrongCode` if the code was used already.
 */
export const completeChallenge = logged(
  async (
    db,
    params: {
      userId: string
      challengeHash: Uint8Array
      proof: SecondFactorProof
      session: NewSession
      client: ClientInfo
    },
  ): Promise<User | "ended" | "wrongCode"> =>
    db.transaction(async (tx) => {
      const { userId, challengeHash, proof, session, client } = params
      const user = await lockUser(tx, eq(owners.id, userId))
      if (!user || !(await isStillOpen(tx, challengeHash))) return "ended"
      if (!(await useSecondFactor(tx, { userId, proof }))) return "wrongCode"
      await tx.delete(signInChallenges).where(eq(signInChallenges.challengeHash, challengeHash))
      if (proof.by === "recoveryCode") {
        const event = { ownerId: userId, kind: "recoveryCodeUsed", via: "password" } as const
        await recordEvent(tx, { ...event, credentialId: null, client })
      }
      await makeRoom(tx, { userId, client })
      await openSession(tx, { userId, kind: "loggedIn", session, client })
      return user
    }),
)

/** Except for counting attempts, all changes of a challenge are made under the lock of its user's row. */
const isStillOpen = async (tx: Database, challengeHash: Uint8Array) =>
  (await tx.select({ userId: signInChallenges.userId }).from(signInChallenges).where(isOpen(challengeHash)))
    .length === 1
