import { randomUUID, timingSafeEqual } from "node:crypto"
import {
  changePassword,
  countFailure,
  createSession,
  createUser,
  type Database,
  findLiveFamilies,
  findUserByEmail,
  type LiveFamily,
  type NewUserRole,
  replacePasswordHash,
  rotateSession,
  sessionCredential,
  type User,
} from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { ClientInfo } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import { AuthError, unauthenticated } from "../errors.ts"
import type { Throttle } from "../limits/throttle.ts"
import { signAccessToken } from "../sessions/accessToken.ts"
import {
  createRefreshToken,
  nextRefreshTokens,
  type RefreshTokenHashes,
  readRefreshToken,
} from "../sessions/refreshToken.ts"
import { type ConfirmPassword, wrongPassword } from "./confirmPassword.ts"
import type { EmailVerifications } from "./emailVerifications.ts"
import { comparePassword, hashPassword, refuseWeak } from "./password.ts"
import { answerChallenge, type ChallengeAnswer, createChallenge } from "./secondFactor/challenges.ts"
import { createSignOuts, type SignOuts } from "./signOuts.ts"

export interface SignedIn {
  user: User
  accessToken: string
  accessTokenExpiresAt: Date
  refreshToken: string
}

export interface Credentials {
  email: string
  password: string
}

/**
 * Accounts and their sessions. Emails are case-insensitive. Rate-limited methods also throw {AuthError}
 * `RATE_LIMITED`.
 */
export interface Accounts extends SignOuts {
  /** @throws {AuthError} `FORBIDDEN` if registration is closed, `INVALID_INPUT`, `EMAIL_TAKEN`. */
  register(input: Credentials, client: ClientInfo): Promise<SignedIn>
  /**
   * @throws {AuthError} `LOGIN_FAILED`, with the same message and after the same bcrypt for an unknown email and a
   *   wrong password. After a change of `BCRYPT_COST`, an account keeps the old cost until its owner has signed in
   *   again, whereas an unknown email has the new cost. `SECOND_FACTOR_REQUIRED` with a challenge, after the right
   *   password of an account with a second factor.
   */
  login(input: Credentials, client: ClientInfo): Promise<SignedIn>
  /**
   * Completes a sign-in that needs a second factor, with the answer to its challenge.
   *
   * @throws {AuthError} `LOGIN_FAILED`, with the field `challenge` if a new sign-in is needed, otherwise with the
   *   code's field.
   */
  answer(input: ChallengeAnswer, client: ClientInfo): Promise<SignedIn>
  /**
   * The user whose live session a current or replaced refresh token belongs to, if any. Concurrent calls share a read.
   */
  holderOf(refreshToken: string): Promise<User | null>
  /**
   * Replaces a refresh token. Presenting a replaced token ends the session, because there must be a copy of the token
   * (RFC 9700, section 4.14.2).
   *
   * @param input.repeatable for a browser's cookie: a reloaded page sends it again before the response has replaced it,
   *   and requests may arrive in any order. For `REPEAT_LEEWAY` seconds after a rotation the session does not rotate
   *   again, and the previous token is answered with the newest one.
   * @throws {AuthError} `UNAUTHENTICATED`.
   */
  refresh(input: { refreshToken: string; repeatable?: boolean }, client: ClientInfo): Promise<SignedIn>
  /**
   * Changes the password and ends the user's other sessions.
   *
   * @throws {AuthError} `LOGIN_FAILED` if the current password is wrong, `INVALID_INPUT`, `UNAUTHENTICATED` if the
   *   session has ended.
   */
  changePassword(
    session: { userId: string; sessionId: string },
    input: { currentPassword: string; newPassword: string },
    client: ClientInfo,
  ): Promise<void>
}

/** Seconds, long enough to reload a page over a poor connection. */
const REPEAT_LEEWAY = 30

export function createAccounts(
  deps: {
    db: Database
    keyring: Keyring
    bcrypt: BcryptQueue
    throttle: Throttle
    confirmPassword: ConfirmPassword
    emailVerifications: EmailVerifications
  },
  options: {
    accessTokenTtl: number
    refreshTokenTtl: number
    /** Seconds without a refresh until a session ends; null for none. */
    sessionIdleTtl?: number | null
    registration: "open" | "closed"
    adminEmails: readonly string[] | null
    onBackgroundError: (error: unknown) => void
  },
): Accounts {
  const { db, keyring, bcrypt, throttle, confirmPassword, emailVerifications } = deps
  const refreshTokenKeys = [
    keyring.current.refreshTokenKey,
    ...keyring.previous.map((keys) => keys.refreshTokenKey),
  ] as const

  const findFamily = createBatchedRead(
    (ids) => findLiveFamilies(db, { ids }),
    (family: LiveFamily) => family.id,
  )

  async function userOfFamily({ sessionId, familyHash }: RefreshTokenHashes): Promise<User | null> {
    const family = await findFamily(sessionId)
    return family && timingSafeEqual(family.familyHash, familyHash) ? family.user : null
  }

  const mustVerifyEmail = emailVerifications.isPossible

  function roleOfNew(email: string): NewUserRole {
    if (options.adminEmails === null) return "adminIfFirst"
    if (mustVerifyEmail) return "user"
    return options.adminEmails.includes(email) ? "admin" : "user"
  }

  const idleTtl = options.sessionIdleTtl ?? undefined

  function newSession() {
    const { refreshToken, sessionId, familyHash, turnHash } = createRefreshToken(randomUUID())
    const ttl = options.refreshTokenTtl
    return { refreshToken, session: { id: sessionId, familyHash, turnHash, ttl, idleTtl } }
  }

  /** Called before anything is stored, so that nothing can fail after the sign-in is committed. */
  const newAccessToken = (userId: string, sessionId: string) =>
    signAccessToken(keyring, { userId, sessionId }, options.accessTokenTtl)

  /** Counts the failure for the user, if there is one. The response is the same when there is none. */
  async function loginFailed(userId: string | undefined, client: ClientInfo): Promise<AuthError> {
    const event = { kind: "loginFailed", via: "password", credentialId: null, client } as const
    await countFailure(db, { ...event, ownerId: userId ?? randomUUID() })
    return new AuthError("LOGIN_FAILED", "Wrong email or password.")
  }

  /** Rehashes a password that was just verified, in its NFC form and at the current cost. */
  async function renewHash(userId: string, password: string, checkedHash: string): Promise<string> {
    const newHash = await hashPassword(bcrypt, password)
    return (await replacePasswordHash(db, { userId, checkedHash, newHash })) ? newHash : checkedHash
  }

  async function signUp({ password, ...input }: Credentials, client: ClientInfo): Promise<SignedIn> {
    const passwordHash = await hashPassword(bcrypt, password)
    const { refreshToken, session } = newSession()
    const id = randomUUID()
    const accessToken = await newAccessToken(id, session.id)
    const email = input.email.toLowerCase()
    const role = roleOfNew(email)
    const user = await createUser(db, { id, email, passwordHash, role, mustVerifyEmail, session, client })
    if (!user)
      throw new AuthError("EMAIL_TAKEN", "An account with this email already exists.", { field: "email" })
    if (mustVerifyEmail) emailVerifications.sendFirst({ userId: id, sessionId: session.id })
    return { user, ...accessToken, refreshToken }
  }

  async function signIn({ email, password }: Credentials, client: ClientInfo): Promise<SignedIn> {
    const found = await findUserByEmail(db, { email: email.toLowerCase() })
    const match = await comparePassword(bcrypt, password, found?.passwordHash ?? bcrypt.dummyHash)
    if (!found || match === "none") throw await loginFailed(found?.user.id, client)
    const userId = found.user.id
    const { passwordHash } = found
    const checkedHash = match === "outdated" ? await renewHash(userId, password, passwordHash) : passwordHash
    const { refreshToken, session } = newSession()
    const accessToken = await newAccessToken(userId, session.id)
    const challenge = createChallenge(keyring)
    const result = await createSession(db, {
      ...{ userId, checkedHash, session, client },
      challenge: challenge.stored,
    })
    if (result === false) throw await loginFailed(userId, client)
    if (result !== true) throw challenge.require(result)
    return { user: found.user, ...accessToken, refreshToken }
  }

  async function completeSignIn(input: ChallengeAnswer, client: ClientInfo): Promise<SignedIn> {
    const { user, prepared } = await answerChallenge(deps, input, client, async (userId) => {
      const { refreshToken, session } = newSession()
      return { refreshToken, session, accessToken: await newAccessToken(userId, session.id) }
    })
    await throttle.rememberSignIn(user.email, client)
    return { user, ...prepared.accessToken, refreshToken: prepared.refreshToken }
  }

  return {
    async register({ email, password }, client) {
      if (options.registration === "closed") throw new AuthError("FORBIDDEN", "Registration is closed.")
      await throttle.tryRegistering(client)
      refuseWeak("password", password)
      return throttle.register(email, client, () => signUp({ email, password }, client))
    },

    login: (credentials, client) =>
      throttle.login(credentials.email, client, () => signIn(credentials, client)),

    answer: completeSignIn,

    async holderOf(refreshToken) {
      const presented = readRefreshToken(refreshToken)
      return presented && userOfFamily(presented)
    },

    async refresh({ refreshToken, repeatable = false }, client) {
      const rotation = nextRefreshTokens(refreshToken, repeatable ? refreshTokenKeys : undefined)
      if (!rotation) throw unauthenticated()
      const { presented, next, others } = rotation
      const user = await userOfFamily(presented)
      if (!user) {
        await throttle.tokenWithoutSession(client)
        throw unauthenticated()
      }
      await throttle.refresh(presented.familyHash, client)
      const accessToken = await newAccessToken(user.id, presented.sessionId)
      const rotated = await rotateSession(db, {
        id: presented.sessionId,
        familyHash: presented.familyHash,
        turnHash: presented.turnHash,
        nextTurnHashes: [next.turnHash, ...others.map(({ turnHash }) => turnHash)],
        leeway: repeatable ? REPEAT_LEEWAY : 0,
        idleTtl,
        client,
      })
      if (!rotated) throw unauthenticated()
      const newest = [next, ...others].find(({ turnHash }) => turnHash.equals(rotated.turnHash))
      return { user: rotated.user, ...accessToken, refreshToken: newest?.refreshToken ?? refreshToken }
    },

    ...createSignOuts({ db, throttle, userOfFamily, onBackgroundError: options.onBackgroundError }),

    async changePassword({ userId, sessionId }, { currentPassword, newPassword }, client) {
      await throttle.changePassword(sessionId, client)
      refuseWeak("newPassword", newPassword)
      const session = { userId, sessionId }
      const failure = { kind: "passwordChangeFailed", client } as const
      const checkedHash = await confirmPassword(session, { currentPassword }, failure)
      const newHash = await hashPassword(bcrypt, newPassword)
      const by = sessionCredential(session)
      const result = await changePassword(db, { by, checkedHash, newHash, client })
      if (result === "ended") throw unauthenticated()
      if (result === "otherPassword") throw wrongPassword()
    },
  }
}
