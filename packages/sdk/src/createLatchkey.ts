import type {
  CookieSignedIn,
  CookieSignInInput,
  ListAuditInput,
  Me,
  PasswordChange,
  SessionList,
  SignedIn,
  SignInInput,
} from "@latchkey/contract"
import { type Admin, createAdmin } from "./createAdmin.ts"
import { type CallersApiKeys, createApiKeys } from "./createApiKeys.ts"
import { type As, createAs } from "./createAs.ts"
import { type CallDetails, createCall } from "./createCall.ts"
import { createCredential } from "./createCredential.ts"
import { createTransport } from "./createTransport.ts"
import { createVerify } from "./createVerify.ts"
import { noCredential } from "./credential.ts"
import { listPages } from "./listPages.ts"
import type { AuditList } from "./lists.ts"
import type { CallOptions, LatchkeyOptions } from "./options.ts"
import { readBaseUrl } from "./readBaseUrl.ts"
import type { Verify } from "./verification.ts"
import { checkTimeout } from "./withDeadline.ts"

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
     * @throws {LatchkeyError} `LOGIN_FAILED`, whether the email or the password is wrong.
     */
    login(input: CookieSignInInput, options?: CallOptions): Promise<CookieSignedIn>
    login(input: SignInInput, options?: CallOptions): Promise<SignedIn>
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
  const transport = createTransport(readBaseUrl(baseUrl, allowInsecureHttp), options.onResponse)
  const call = createCall(transport, { timeout: checkTimeout(timeout), retries })
  const credential = createCredential(options, (refreshToken) => auth.refresh({ refreshToken }))

  const anonymous: CallDetails = { kind: "mutation", credential: noCredential }
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
    me: (options) => call("auth", "me", undefined, { ...options, ...query }),
  }
  const sessions: Latchkey["sessions"] = {
    list: (options) => call("sessions", "list", undefined, { ...options, ...query }),
    revoke: (id, options) => call("sessions", "revoke", { id }, { ...options, ...mutation }),
    revokeOthers: (options) => call("sessions", "revokeOthers", undefined, { ...options, ...mutation }),
  }
  const audit: Latchkey["audit"] = {
    list: (input, options) =>
      listPages((cursor = input?.cursor ?? undefined) =>
        call("audit", "list", { ...input, cursor }, { ...options, ...query }),
      ),
  }
  return {
    auth,
    apiKeys: {
      ...createApiKeys(call, { query, mutation }),
      reportLeaked: (key, options) =>
        call("apiKeys", "reportLeaked", { key }, { ...options, ...anonymous, isRepeatable: true }),
    },
    sessions,
    audit,
    admin: createAdmin(call, { query, mutation }),
    as: createAs(call, credential),
    verify: createVerify(call, credential),
  }
}
