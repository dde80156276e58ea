import {
  beginSecondFactor,
  bySession,
  confirmEndedSessions,
  countFailure,
  type Database,
  enableSecondFactor,
  findSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
  resetSecondFactorByAdmin,
  type SecondFactorProof,
  sessionCredential,
} from "@latchkey/db"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Keyring } from "../../crypto/keyring.ts"
import { AuthError, unauthenticated } from "../../errors.ts"
import { type Administrator, type NamedAdmins, requireDoneByAdmin } from "../../identities/administrator.ts"
import { isUuid } from "../../isUuid.ts"
import type { Throttle } from "../../limits/throttle.ts"
import { NO_SUCH_USER, refuseAdministrator } from "../adminUsers.ts"
import { type ConfirmPassword, type OwnSession, wrongPassword } from "../confirmPassword.ts"
import { fieldOf, proofOf, type TypedCode } from "./proofs.ts"
import { createRecoveryCodes } from "./recoveryCodes.ts"
import { openSecret, sealSecret } from "./sealedSecret.ts"
import { describeTotp, newTotpSecret, stepOfCode } from "./totp.ts"

type Password = { currentPassword: string }

/**
 * The second factor of accounts: an authenticator app (TOTP, RFC 6238) and recovery codes. Changes end the user's other
 * sessions (ASVS 5.0, 7.4.3). Methods that take a password or code throw {AuthError} `LOGIN_FAILED` with the field
 * that is wrong, `RATE_LIMITED`, and `UNAUTHENTICATED` if the session has ended.
 */
export interface SecondFactors {
  /** Begins a setup. The secret is not shown again. @throws {AuthError} `SECOND_FACTOR_EXISTS`. */
  setUp(session: OwnSession & { email: string }, input: Password, client: ClientInfo): Promise<TotpSetup>
  /** Completes a setup with the first code. @throws {AuthError} `NOT_FOUND` if none was begun within the last hour. */
  confirm(session: OwnSession, input: { totp: string }, client: ClientInfo): Promise<RecoveryCodes>
  /** Replaces the recovery codes. @throws {AuthError} `NOT_FOUND` without a second factor. */
  renewRecoveryCodes(
    session: OwnSession,
    input: Password & TypedCode,
    client: ClientInfo,
  ): Promise<RecoveryCodes>
  /** @throws {AuthError} `NOT_FOUND` without a second factor. */
  remove(session: OwnSession, input: Password & TypedCode, client: ClientInfo): Promise<void>
  /**
   * Removes a user's second factor, for one who has lost the app and the recovery codes, and ends their sessions.
   *
   * @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED`, `FORBIDDEN` for the accounts of administrators.
   */
  reset(admin: Administrator, user: { id: string }, client: ClientInfo): Promise<void>
}

/** The data for an authenticator app, shown once. */
export interface TotpSetup {
  /** In base32. */
  secret: string
  /** For a QR code. */
  uri: string
}

/** Shown once. */
export interface RecoveryCodes {
  recoveryCodes: string[]
}

export function createSecondFactors(deps: {
  db: Database
  keyring: Keyring
  throttle: Throttle
  confirmPassword: ConfirmPassword
  namedAdmins: NamedAdmins
  /** The name that authenticator apps show. */
  totpIssuer: string
}): SecondFactors {
  const { db, keyring, throttle, namedAdmins, totpIssuer } = deps

  async function confirmPassword(session: OwnSession, input: Password, client: ClientInfo) {
    await throttle.changePassword(session.sessionId, client)
    return deps.confirmPassword(session, input, { kind: "secondFactorFailed", client })
  }

  async function wrongCode({ userId, sessionId }: OwnSession, code: TypedCode, client: ClientInfo) {
    const event = { kind: "secondFactorFailed", ...bySession(sessionId), client } as const
    await countFailure(db, { ownerId: userId, ...event })
    return new AuthError("LOGIN_FAILED", "The code is wrong.", { field: fieldOf(code) })
  }

  /** Makes a change that needs the password and a code, both of which it checks again. */
  async function change(
    session: OwnSession,
    input: Password & TypedCode,
    client: ClientInfo,
    make: (checked: {
      checkedHash: string
      proof: SecondFactorProof
    }) => Promise<"done" | "ended" | "otherPassword" | "wrongCode">,
  ) {
    const { userId } = session
    const checkedHash = await confirmPassword(session, input, client)
    const stored = await findSecondFactor(db, { userId })
    if (!stored?.enabledAt) {
      await confirmEndedSessions(db, { userId, client })
      throw noFactor()
    }
    async function makeChecked() {
      const proof = stored && proofOf(keyring, { userId, stored }, input)
      const result = proof ? await make({ checkedHash, proof }) : "wrongCode"
      if (result === "ended") throw unauthenticated()
      if (result === "otherPassword") throw wrongPassword()
      if (result === "wrongCode") throw await wrongCode(session, input, client)
    }
    await (input.totp === undefined ? makeChecked() : throttle.tryCode(userId, client, makeChecked))
  }

  return {
    async setUp({ email, ...session }, input, client) {
      const checkedHash = await confirmPassword(session, input, client)
      const secret = newTotpSecret()
      const sealed = sealSecret(keyring, session.userId, secret)
      const result = await beginSecondFactor(db, {
        ...{ by: sessionCredential(session), checkedHash, sealed, client },
      })
      if (result === "ended") throw unauthenticated()
      if (result === "otherPassword") throw wrongPassword()
      if (result === "exists") {
        throw new AuthError(
          "SECOND_FACTOR_EXISTS",
          "The account already has a second factor. Remove it first.",
        )
      }
      return describeTotp(secret, { issuer: totpIssuer, email })
    },

    async confirm(session, input, client) {
      const { userId } = session
      const stored = await findSecondFactor(db, { userId })
      const secret = stored && openSecret(keyring, userId, stored)
      if (stored?.enabledAt) await confirmEndedSessions(db, { userId, client })
      if (!secret || stored.enabledAt) throw noSetup()
      return throttle.tryCode(userId, client, async () => {
        const step = stepOfCode(secret, input.totp)
        if (step === null) throw await wrongCode(session, input, client)
        const { codes, codeHashes } = createRecoveryCodes()
        const result = await enableSecondFactor(db, {
          ...{ by: sessionCredential(session), step, codeHashes, client },
          sealedSecret: stored.sealedSecret,
        })
        if (result === "ended") throw unauthenticated()
        if (result === "notBegun") throw noSetup()
        return { recoveryCodes: codes }
      })
    },

    async renewRecoveryCodes(session, input, client) {
      const { codes, codeHashes } = createRecoveryCodes()
      const by = sessionCredential(session)
      await change(session, input, client, (checked) =>
        renewRecoveryCodes(db, { by, ...checked, codeHashes, client }),
      )
      return { recoveryCodes: codes }
    },

    async remove(session, input, client) {
      const by = sessionCredential(session)
      await change(session, input, client, (checked) => removeSecondFactor(db, { by, ...checked, client }))
    },

    async reset(by, { id }, client) {
      if (!isUuid(id)) throw new AuthError("NOT_FOUND", NO_SUCH_USER)
      refuseAdministrator(namedAdmins.isNamedAccount(id))
      const result = await resetSecondFactorByAdmin(db, { affected: { id }, by, client })
      refuseAdministrator(result === "isAdmin")
      if (result !== "isAdmin") requireDoneByAdmin(result, NO_SUCH_USER)
    },
  }
}

const noFactor = () => new AuthError("NOT_FOUND", "The account has no second factor.")

const noSetup = () => new AuthError("NOT_FOUND", "No setup is in progress. Start the setup again.")
