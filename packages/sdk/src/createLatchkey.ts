import type {
  Account,
  CookieSecondFactorAnswer,
  CookieSignedIn,
  CookieSignInInput,
  CurrentPassword,
  ListAuditInput,
  Me,
  PasswordChange,
  PasswordReset,
  RecoveryCodes,
  SecondFactorAnswer,
  SecondFactorCode,
  SessionList,
  SignedIn,
  SignInInput,
  TotpSetup,
} from "@latchkey/contract"
import { type Admin, createAdmin } from "./calls/createAdmin.ts"
import { type CallersApiKeys, createApiKeys } from "./calls/createApiKeys.ts"
import { type As, createAs } from "./calls/createAs.ts"
import { createVerify } from "./calls/createVerify.ts"
import { listPages } from "./calls/listPages.ts"
import type { AuditList } from "./calls/lists.ts"
import type { Verify } from "./calls/verification.ts"
import { createCredential } from "./credentials/createCredential.ts"
import { addHeaders, noCredential } from "./credentials/credential.ts"
import type { CallOptions, LatchkeyOptions } from "./options.ts"
import { type CallDetails, createCall } from "./transport/createCall.ts"
import { createTransport } from "./transport/createTransport.ts"
import { readBaseUrl } from "./transport/readBaseUrl.ts"
import { checkTimeout } from "./transport/withDeadline.ts"

/** Latchkey's API. A call that fails throws `LatchkeyError`. */
export interface Latchkey {
  readonly auth: {
    /**
     * Creates an account and signs in.
     *
     * @throws {LatchkeyError} `EMAIL_TAKEN`, `INVALID_INPUT`, `FORBIDDEN` if registration is closed.
     */
    register(input: CookieSignInInput, options?: CallOptions): Promise<CookieSignedIn>
    register(input: SignInInput, options?: CallOptions): Promise<SignedIn>
    /**
     * Signs in. The result can be passed as a client's `session`.
     *
     * With a second factor, the right password throws `SECOND_FACTOR_REQUIRED`. Call again with the error's `challenge` and
     * a code.
     *
     * @throws {LatchkeyError} `LOGIN_FAILED`, whether the email or the password is wrong; for an answer to a challenge,
     *   with the field that is wrong in `issues`: `challenge` if it has ended. `SECOND_FACTOR_REQUIRED`.
     */
    login(input: CookieSignInInput | CookieSecondFactorAnswer, options?: CallOptions): Promise<CookieSignedIn>
    login(input: SignInInput | SecondFactorAnswer, options?: CallOptions): Promise<SignedIn>
    /**
     * Replaces the refresh token, or the cookie's if omitted. A client with a `session` does this by itself.
     *
     * @throws {LatchkeyError} `UNAUTHENTICATED` if the session has ended.
     */
    refresh(input?: undefined, options?: CallOptions): Promise<CookieSignedIn>
    refresh(input: { refreshToken: string }, options?: CallOptions): Promise<SignedIn>
    /** Ends the session of the access token, or of the cookie if there is no token. */
    logout(options?: CallOptions): Promise<void>
    /**
     * Changes the password and ends the user's other sessions.
     *
     * @throws {LatchkeyError} `LOGIN_FAILED` if the current password is wrong, `INVALID_INPUT`.
     */
    changePassword(input: PasswordChange, options?: CallOptions): Promise<void>
    /**
     * Asks for a mail with a link to set a new password. Resolves for any email.
     *
     * @throws {LatchkeyError} `FORBIDDEN` if the server sends no mail.
     */
    requestPasswordReset(input: { email: string }, options?: CallOptions): Promise<void>
    /**
     * Sets a new password with the token of a link, and ends all sessions. Does not sign in.
     *
     * @throws {LatchkeyError} `NOT_FOUND` if the link was used, replaced or has expired, `INVALID_INPUT`.
     */
    resetPassword(input: PasswordReset, options?: CallOptions): Promise<void>
    /**
     * Asks for a link to verify the email of the caller's account, unless it is verified already. Needs an access token.
     *
     * @throws {LatchkeyError} `FORBIDDEN` if the server sends no mail.
     */
    requestEmailVerification(options?: CallOptions): Promise<void>
    /**
     * Verifies an email with the token of a link. An email that makes its account an administrator needs the access
     * token of that account.
     *
     * @throws {LatchkeyError} `NOT_FOUND` if the link was used, replaced or has expired, `FORBIDDEN` without the access
     *   token.
     */
    verifyEmail(input: { token: string }, options?: CallOptions): Promise<void>
    /** How the caller's account is protected. Needs an access token. */
    account(options?: CallOptions): Promise<Account>
    /** The caller. */
    me(options?: CallOptions): Promise<Me>
  }
  readonly apiKeys: CallersApiKeys
  readonly sessions: {
    /** The caller's sessions. Needs an access token, as do the other two. */
    list(options?: CallOptions): Promise<SessionList>
    /** @throws {LatchkeyError} `NOT_FOUND` if the caller has no such session. */
    revoke(id: string, options?: CallOptions): Promise<void>
    /** Signs out everywhere else. */
    revokeOthers(options?: CallOptions): Promise<void>
  }
  /** The second factor of the caller's account. Its changes end the other sessions. All need an access token. */
  readonly secondFactor: {
    /**
     * Begins to set up an authenticator app. The secret is not shown again.
     *
     * @throws {LatchkeyError} `LOGIN_FAILED` if the current password is wrong, `SECOND_FACTOR_EXISTS`.
     */
    setUp(input: CurrentPassword, options?: CallOptions): Promise<TotpSetup>
    /**
     * Completes the setup with the app's first code. The recovery codes are not shown again.
     *
     * @throws {LatchkeyError} `LOGIN_FAILED` if the code is wrong, `NOT_FOUND` if no setup was begun within the last
     *   hour.
     */
    confirm(input: { totp: string }, options?: CallOptions): Promise<RecoveryCodes>
    /** @throws {LatchkeyError} `LOGIN_FAILED` with the wrong field in `issues`, `NOT_FOUND` without a second factor. */
    renewRecoveryCodes(
      input: CurrentPassword & SecondFactorCode,
      options?: CallOptions,
    ): Promise<RecoveryCodes>
    /** @throws {LatchkeyError} as `renewRecoveryCodes`. */
    remove(input: CurrentPassword & SecondFactorCode, options?: CallOptions): Promise<void>
  }
  readonly audit: {
    /**
     * The audit log of the caller's account, newest first. `await` returns one page, `for await` iterates over all
     * events. Needs an access token.
     */
    list(input?: ListAuditInput, options?: CallOptions): AuditList
  }
  readonly admin: Admin
  readonly as: As
  readonly verify: Verify
}

const DEFAULT_TIMEOUT = 10_000
const DEFAULT_RETRIES = 3

/**
 * Creates a client for the Latchkey server at `baseUrl`, with at most one credential. Sends no request.
 *
 * @throws {TypeError} for invalid options, such as plain http to another host, or two credentials.
 */
export function createLatchkey(options: LatchkeyOptions): Latchkey {
  const { baseUrl, timeout = DEFAULT_TIMEOUT, retries = DEFAULT_RETRIES, allowInsecureHttp = false } = options
  const transport = createTransport(readBaseUrl(baseUrl, allowInsecureHttp), options)
  const call = createCall(transport, { timeout: checkTimeout(timeout), retries })
  const withCustomHeaders = addHeaders(options.headers)
  const credential = withCustomHeaders(
    createCredential(options, (refreshToken) => auth.refresh({ refreshToken }), { timeout }),
  )

  const anonymous: CallDetails = { kind: "mutation", credential: withCustomHeaders(noCredential) }
  const mutation: CallDetails = { kind: "mutation", credential }
  const query: CallDetails = { kind: "query", credential }

  // The overloads of `Latchkey` tell which input returns a refresh token.
  const signIn = (name: "register" | "login" | "refresh") => (input: never, options?: CallOptions) =>
    call("auth", name, input, { ...options, ...anonymous }) as Promise<SignedIn>

  const auth: Latchkey["auth"] = {
    register: signIn("register"),
    login: signIn("login"),
    refresh: signIn("refresh"),
    logout: (options) => call("auth", "logout", undefined, { ...options, ...mutation }),
    changePassword: (input, options) => call("auth", "changePassword", input, { ...options, ...mutation }),
    requestPasswordReset: (input, options) =>
      call("auth", "requestPasswordReset", input, { ...options, ...anonymous }),
    resetPassword: (input, options) => call("auth", "resetPassword", input, { ...options, ...anonymous }),
    requestEmailVerification: (options) =>
      call("auth", "requestEmailVerification", undefined, { ...options, ...mutation }),
    verifyEmail: (input, options) => call("auth", "verifyEmail", input, { ...options, ...mutation }),
    account: (options) => call("auth", "account", undefined, { ...options, ...query }),
    me: (options) => call("auth", "me", undefined, { ...options, ...query }),
  }
  const sessions: Latchkey["sessions"] = {
    list: (options) => call("sessions", "list", undefined, { ...options, ...query }),
    revoke: (id, options) => call("sessions", "revoke", { id }, { ...options, ...mutation }),
    revokeOthers: (options) => call("sessions", "revokeOthers", undefined, { ...options, ...mutation }),
  }
  const secondFactor: Latchkey["secondFactor"] = {
    setUp: (input, options) => call("secondFactor", "setUp", input, { ...options, ...mutation }),
    confirm: (input, options) => call("secondFactor", "confirm", input, { ...options, ...mutation }),
    renewRecoveryCodes: (input, options) =>
      call("secondFactor", "renewRecoveryCodes", input, { ...options, ...mutation }),
    remove: (input, options) => call("secondFactor", "remove", input, { ...options, ...mutation }),
  }
  const audit: Latchkey["audit"] = {
    list: (input, options) =>
      listPages(input, (page) => call("audit", "list", page, { ...options, ...query })),
  }
  return {
    auth,
    apiKeys: {
      ...createApiKeys(call, { query, mutation }),
      reportLeaked: (key, options) =>
        call("apiKeys", "reportLeaked", { key }, { ...options, ...anonymous, isRepeatable: true }),
    },
    sessions,
    secondFactor,
    audit,
    admin: createAdmin(call, { query, mutation }),
    as: createAs(call, credential),
    verify: createVerify(call, credential),
  }
}
