import type { Accounts, ApiKeys, Auth, Authentication, Caller } from "@latchkey/auth"

/** What procedures get: the request's own things, and what they may ask of the house. */
export interface Context {
  requestId: string
  accounts: Accounts
  apiKeys: ApiKeys
  /** Who is calling; found out once for each request, and only when a procedure asks. */
  authentication(): Promise<Authentication>
}

export interface RequestOptions {
  headers: Pick<Headers, "get">
  requestId: string
  /** Told who is calling, once that is known. */
  onCaller?: (caller: Caller) => void
}

/** The context of one request, whatever way it came in. */
export function createContext(auth: Auth, { headers, requestId, onCaller }: RequestOptions): Context {
  let authentication: Promise<Authentication> | undefined

  async function authenticate() {
    const result = await auth.authenticate(headers)
    if (result.caller) onCaller?.(result.caller)
    return result
  }

  return {
    requestId,
    accounts: auth.accounts,
    apiKeys: auth.apiKeys,
    authentication() {
      authentication ??= authenticate()
      return authentication
    },
  }
}
