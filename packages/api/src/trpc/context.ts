import {
  type Accounts,
  type ApiKeys,
  type Audit,
  type Auth,
  type Authentication,
  addressBlock,
  type Caller,
  deviceOf,
  type Sessions,
  type Source,
  type Standing,
  stricter,
  type TakeTurn,
} from "@latchkey/auth"
import { noSessionCookie, type SessionCookie } from "./browserSession.ts"

/** What procedures get: the request's own things, and what they may ask of the house. */
export interface Context {
  requestId: string
  accounts: Accounts
  apiKeys: ApiKeys
  sessions: Sessions
  audit: Audit
  admin: Auth["admin"]
  /** Where the request comes from. */
  source(): Source
  /** How far the limits are used up that its calls count towards: the strictest. Null while there are none. */
  standing: Standing | null
  sessionCookie: SessionCookie
  /** Whether the request has a credential of its own, good or bad. The cookie is none. */
  hasCredential(): boolean
  /** Who is calling; found out once for each request, and only when a procedure asks. */
  authentication(): Promise<Authentication>
  /**
   * Runs a call when it is its client's turn, fairly between clients: the caller's owner once that is known, else the
   * address.
   *
   * @throws {AuthError} `UNAVAILABLE`, before the call has begun.
   */
  inTurn<T>(run: () => Promise<T>): Promise<T>
}

export interface RequestOptions {
  headers: Pick<Headers, "get">
  requestId: string
  /** The client's IP address; asked for by few calls. */
  address: () => string
  /** Left out where sessions in a cookie are not offered. */
  sessionCookie?: SessionCookie
  /** Told who is calling, once that is known. */
  onCaller?: (caller: Caller) => void
}

/** The context of one request, whatever way it came in. */
export function createContext(
  auth: Auth,
  { headers, requestId, address, sessionCookie = noSessionCookie, onCaller }: RequestOptions,
): Context {
  let authentication: Promise<Authentication> | undefined
  let userId: string | undefined
  let takeTurn: TakeTurn | undefined

  async function authenticate() {
    const result = await auth.authenticate(headers, address)
    if (result.caller) {
      userId = result.caller.user.id
      onCaller?.(result.caller)
    }
    return result
  }

  const context: Context = {
    requestId,
    accounts: auth.accounts,
    apiKeys: auth.apiKeys,
    sessions: auth.sessions,
    audit: auth.audit,
    admin: auth.admin,
    sessionCookie,
    source: () => ({
      address: address(),
      requestId,
      device: deviceOf(headers.get("user-agent")),
      onStanding: (standing) => {
        context.standing = stricter(context.standing, standing)
      },
    }),
    standing: null,
    hasCredential: () => headers.get("authorization") !== null || headers.get("x-api-key") !== null,
    authentication() {
      authentication ??= authenticate()
      return authentication
    },
    inTurn(run) {
      takeTurn ??= auth.queue.forRequest()
      return takeTurn(userId ?? addressBlock(address()), run)
    },
  }
  return context
}
