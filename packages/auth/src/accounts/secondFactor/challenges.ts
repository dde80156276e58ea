import {
  completeChallenge,
  countChallengeTry,
  countFailure,
  type Database,
  type PendingSecondFactor,
  type User,
} from "@latchkey/db"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Keyring } from "../../crypto/keyring.ts"
import { AuthError, type SecondFactorMethod } from "../../errors.ts"
import type { Throttle } from "../../limits/throttle.ts"
import { createOpaqueToken, hashOpaqueToken } from "../opaqueToken.ts"
import { fieldOf, proofOf, type TypedCode } from "./proofs.ts"

/** Seconds within which a challenge can be answered. */
const CHALLENGE_TTL = 300

/** The number of attempts to answer a challenge. */
const MAX_TRIES = 5

/** The answer to a challenge. */
export type ChallengeAnswer = TypedCode & {
  challenge: string
  /** If given, it must be the email of the account. */
  email?: string | undefined
}

type NewSession = Parameters<typeof completeChallenge>[1]["session"]

/** A challenge for a sign-in, which the database stores if the account has a second factor. */
export function createChallenge(keyring: Keyring) {
  const { token: challenge, tokenHash: challengeHash } = createOpaqueToken()
  return {
    stored: { challengeHash, ttl: CHALLENGE_TTL },
    /** The error that carries the challenge, and the methods that can answer it. */
    require({ secretId, recoveryCodes }: PendingSecondFactor) {
      const methods: SecondFactorMethod[] = [
        ...(keyring.find(secretId) ? (["totp"] as const) : []),
        ...(recoveryCodes > 0 ? (["recoveryCode"] as const) : []),
      ]
      return new AuthError("SECOND_FACTOR_REQUIRED", "A second-factor code is required.", {
        secondFactor: { challenge, methods },
      })
    },
  }
}

/**
 * Completes a sign-in with the answer to its challenge.
 *
 * @param prepare prepares the session, and everything that could fail once it is stored.
 * @throws {AuthError} `LOGIN_FAILED`, with the field `challenge` if the challenge has ended, so that a new sign-in is
 *   needed, otherwise with the wrong code's field. `RATE_LIMITED`.
 */
export async function answerChallenge<Prepared extends { session: NewSession }>(
  { db, keyring, throttle }: { db: Database; keyring: Keyring; throttle: Throttle },
  { challenge, email, ...code }: ChallengeAnswer,
  client: ClientInfo,
  prepare: (userId: string) => Promise<Prepared>,
): Promise<{ user: User; prepared: Prepared }> {
  const challengeHash = hashOpaqueToken(challenge)
  const tried = challengeHash && (await countChallengeTry(db, { challengeHash, maxTries: MAX_TRIES }))
  if (!tried) {
    await throttle.useLink(client)
    throw challengeEnded()
  }
  const { user, secret: stored } = tried
  if (email !== undefined && email.toLowerCase() !== user.email) throw challengeEnded()

  async function complete(userId: string, hash: Buffer) {
    const proof = proofOf(keyring, { userId, stored }, code)
    const prepared = await prepare(userId)
    const { session } = prepared
    const result = proof
      ? await completeChallenge(db, { userId, challengeHash: hash, proof, session, client })
      : "wrongCode"
    if (result === "ended") throw challengeEnded()
    if (result !== "wrongCode") return { user: result, prepared }
    const event = { kind: "secondFactorFailed", via: "password", credentialId: null, client } as const
    await countFailure(db, { ...event, ownerId: userId })
    throw new AuthError("LOGIN_FAILED", "The code is wrong.", { field: fieldOf(code) })
  }
  const run = () => complete(user.id, challengeHash)
  // A recovery code can't be guessed, so wrong TOTP codes must not keep its owner from using one.
  return code.totp === undefined ? run() : throttle.tryCode(user.id, client, run)
}

const challengeEnded = () =>
  new AuthError("LOGIN_FAILED", "This sign-in has expired. Start it again.", { field: "challenge" })
