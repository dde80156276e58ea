import type {
  CookieSignedIn,
  CookieSignInInput,
  CreateApiKeyInput,
  CreatedApiKey,
  ListApiKeysInput,
  ListAuditInput,
  Me,
  PasswordChange,
  SessionList,
  SignedIn,
  SignInInput,
} from "@latchkey/contract"
import { type Admin, createAdmin } from "./createAdmin.ts"
import { type CallDetails, createCall } from "./createCall.ts"
import { createCredential } from "./createCredential.ts"
import { createTransport } from "./createTransport.ts"
import { noCredential } from "./credential.ts"
import { listPages } from "./listPages.ts"
import type { ApiKeyList, AuditList } from "./lists.ts"
import type { CallOptions, LatchkeyOptions } from "./options.ts"
import { readBaseUrl } from "./readBaseUrl.ts"
import { checkTimeout } from "./withDeadline.ts"

/** Latchkey's API. Every call throws `LatchkeyError` when it fails. */
export interface Latchkey {
  readonly auth: {
    /**
     * Opens an account and signs it in.
     *
     * @throws {LatchkeyError} `EMAIL_TAKEN`, `INVALID_INPUT`, `FORBIDDEN` when registration is closed.
     */
    register(input: CookieSignInInput, options?: CallOptions): Promise<CookieSignedIn>
    register(input: SignInInput, options?: CallOptions): Promise<SignedIn>
    /**
     * Signs in. What it gives may be a client's `session`.
     *
     * @throws {LatchkeyError} `LOGIN_FAILED`, whichever of the two was wrong.
     */
    login(input: CookieSignInInput, options?: CallOptions): Promise<CookieSignedIn>
    login(input: SignInInput, options?: CallOptions): Promise<SignedIn>
    /**
     * Replaces a refresh token, without one the cookie's. A client with a `session` does so by itself.
     *
     * @throws {LatchkeyError} `UNAUTHENTICATED` when the session is over.
     */
    refresh(input?: undefined, options?: CallOptions): Promise<CookieSignedIn>
    refresh(input: { refreshToken: string }, options?: CallOptions): Promise<SignedIn>
    /**
     * Ends the session that the access token belongs to, or without one the cookie, at once.
     */
    logout(options?: CallOptions): Promise<void>
    /**
     * Changes the password and ends the user's other sessions.
     *
     * @throws {LatchkeyError} `LOGIN_FAILED` when the current password is wrong, `INVALID_INPUT`.
     */
    changePassword(input: PasswordChange, options?: CallOptions): Promise<void>
    /**
     * Who is calling.
     */
    me(options?: CallOptions): Promise<Me>
  }
  readonly apiKeys: {
    /**
     * Creates a key; its `key` is shown here and never again. Takes an access token, not an API key.
     *
     * @throws {LatchkeyError} `KEY_LIMIT_REACHED`, `INVALID_INPUT`, `FORBIDDEN`.
     */
    create(input: CreateApiKeyInput, options?: CallOptions): Promise<CreatedApiKey>
    /**
     * The caller's active keys, newest first. `await` gives one page, `for await` all keys, fetching page after
     * page. `options` hold for each page.
     */
    list(input?: ListApiKeysInput, options?: CallOptions): ApiKeyList
    /**
     * Once this has resolved, no server accepts the key. A key may revoke itself and no other.
     *
     * @throws {LatchkeyError} `NOT_FOUND` when the caller has no such active key, `FORBIDDEN`.
     */
    revoke(id: string, options?: CallOptions): Promise<void>
  }
  readonly sessions: {
    /** The sessions of the caller's account. Takes an access token, as all of these do. */
    list(options?: CallOptions): Promise<SessionList>
    /** @throws {LatchkeyError} `NOT_FOUND` when the caller has no such session. */
    revoke(id: string, options?: CallOptions): Promise<void>
    /** Signs out everywhere else. */
    revokeOthers(options?: CallOptions): Promise<void>
  }
  readonly audit: {
    /**
     * What happened to the caller's account, newest first. `await` gives one page, `for await` all events, fetching
     * page after page. Takes an access token.
     */
    list(input?: ListAuditInput, options?: CallOptions): AuditList
  }
  readonly admin: Admin
}

const DEFAULT_TIMEOUT = 10_000
const DEFAULT_RETRIES = 3

/**
 * A client of the Latchkey server at `baseUrl`, with at most one credential. Making it sends nothing.
 *
 * @throws {TypeError} for options that can't be meant, such as plain http to another host, or two credentials.
 */
export function createLatchkey(options: LatchkeyOptions): Latchkey {
  const { baseUrl, timeout = DEFAULT_TIMEOUT, retries = DEFAULT_RETRIES, allowInsecureHttp = false } = options
  const transport = createTransport(readBaseUrl(baseUrl, allowInsecureHttp), options.onResponse)
  const call = createCall(transport, { timeout: checkTimeout(timeout), retries })
  const credential = createCredential(options, (refreshToken) => auth.refresh({ refreshToken }))

  const asAnyone: CallDetails = { kind: "mutation", credential: noCredential }
  const mutation: CallDetails = { kind: "mutation", credential }
  const query: CallDetails = { kind: "query", credential }

  // With the cookie or without: the overloads say which input has which answer.
  const signIn = (name: "register" | "login" | "refresh") => (input: never, options?: CallOptions) =>
    call("auth", name, input, { ...options, ...asAnyone }) as Promise<SignedIn>

  const auth: Latchkey["auth"] = {
    register: signIn("register"),
    login: signIn("login"),
    refresh: signIn("refresh"),
    logout: (options) => call("auth", "logout", undefined, { ...options, ...mutation }),
    changePassword: (input, options) => call("auth", "changePassword", input, { ...options, ...mutation }),
    me: (options) => call("auth", "me", undefined, { ...options, ...query }),
  }
  const apiKeys: Latchkey["apiKeys"] = {
    create: (input, options) => call("apiKeys", "create", input, { ...options, ...mutation }),
    list: (input, options) =>
      listPages((cursor = input?.cursor ?? undefined) =>
        call("apiKeys", "list", { ...input, cursor }, { ...options, ...query }),
      ),
    revoke: (id, options) => call("apiKeys", "revoke", { id }, { ...options, ...mutation }),
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
  const admin = createAdmin(call, { query, mutation })
  return { auth, apiKeys, sessions, audit, admin }
}
