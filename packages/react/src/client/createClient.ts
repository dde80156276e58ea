import { createLatchkey, type Latchkey } from "@latchkey/sdk"
import { askForToken, type GetToken, withoutToken } from "./askForToken.ts"
import { hasReason } from "./isAway.ts"

/**
 * How the component reaches Latchkey, and for which user. Without a token and headers, the host's cookie identifies
 * the user.
 */
export interface ConnectionOptions {
  /** Latchkey's URL, such as `https://keys.company.tld`, or its path on the page's own origin, such as `/latchkey`. */
  baseUrl: string
  /**
   * Gets an owner token from your backend, or another access token, within 10 seconds. Called before the first call, and
   * again with a token that the server has rejected. If nobody is signed in, return "". If it throws, it is called again.
   */
  getToken?: GetToken | undefined
  /** Headers for each call, such as the organization that the user acts for. */
  headers?: Readonly<Record<string, string>> | undefined
  /** `include` sends cookies to a server on another origin, which has to allow this page's origin. */
  credentials?: "include" | undefined
  /** Called when no credential is left that the server accepts, so that the page can ask the user to sign in. */
  onUnauthenticated?: (() => void) | undefined
}

/** Makes a call. If the server rejects its token, makes it once more with a new one. */
export type Client = <T>(call: (latchkey: Latchkey) => Promise<T>) => Promise<T>

/**
 * @throws {TypeError} for an invalid `baseUrl`.
 */
export function createClient({ onUnauthenticated, ...options }: ConnectionOptions): Client {
  const client = createRenewingClient(options)
  return async (call) => {
    try {
      return await client(call)
    } catch (error) {
      if (hasReason(error, "UNAUTHENTICATED")) onUnauthenticated?.()
      throw error
    }
  }
}

function createRenewingClient({
  baseUrl,
  getToken,
  headers,
  credentials,
}: Omit<ConnectionOptions, "onUnauthenticated">): Client {
  let token: Promise<string> | undefined
  const latchkey = createLatchkey({
    baseUrl: new URL(baseUrl, location.href),
    // The list retries its own queries and says so. Everything else is retried by the user.
    retries: 0,
    headers,
    credentials,
    // Another call's renewal may just have failed.
    ...(getToken && { accessToken: () => token ?? Promise.reject(withoutToken()) }),
  })
  if (!getToken) return (call) => call(latchkey)
  const renew = (rejected?: string) => {
    const renewal = askForToken(getToken, rejected)
    token = renewal
    renewal.catch(() => {
      if (token === renewal) token = undefined
    })
    return renewal
  }

  return async (call) => {
    const used = token ?? renew()
    const value = await used
    try {
      return await call(latchkey)
    } catch (error) {
      if (!hasReason(error, "UNAUTHENTICATED")) throw error
      // Calls that were rejected together share one renewal.
      await (token === used || token === undefined ? renew(value) : token)
      return call(latchkey)
    }
  }
}
