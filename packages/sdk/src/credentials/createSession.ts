import type { SignedIn } from "@latchkey/contract"
import { LatchkeyError } from "../latchkeyError.ts"
import type { SessionOptions } from "../options.ts"
import { notOurs } from "../transport/fetchAnswer.ts"
import type { Credential } from "./credential.ts"
import { credentialHeaders } from "./credentialHeaders.ts"

/** Exchanges a refresh token for a new pair of tokens. */
export type Refresh = (refreshToken: string) => Promise<SignedIn>

/**
 * A credential that refreshes itself when the server rejects it. Expiry times are ignored, because the clock may be
 * wrong and a session can end before its tokens expire.
 *
 * When the response to a refresh is lost, the server may have replaced the token already, and sending it again would
 * end the session. So the refresh is not retried, and the call fails. The next call does send the token again: the
 * session may still be alive, and there is no other way to find out.
 *
 * @param options.timeout milliseconds after which a refresh is lost if it has not settled. In Cloudflare Workers, it never
 *   does once the request that began it has been answered.
 */
export function createSession(
  { onRefresh, ...session }: SessionOptions,
  refresh: Refresh,
  { timeout }: { timeout: number },
): Credential {
  let { refreshToken, accessToken } = session
  let inFlight: Promise<string> | undefined
  let startedAt = 0
  let ended: LatchkeyError | undefined

  async function renew(): Promise<string> {
    if (ended) throw ended
    const signedIn = await refresh(refreshToken).catch((error: unknown) => {
      if (isUnauthenticated(error)) ended = new LatchkeyError("The session has ended; sign in again.", error)
      throw ended ?? error
    })
    // Headers would turn a missing token into the text "undefined".
    if (!signedIn?.accessToken || !signedIn.refreshToken) throw notOurs({ status: 200 })
    refreshToken = signedIn.refreshToken
    accessToken = signedIn.accessToken
    await onRefresh?.(signedIn)
    return signedIn.accessToken
  }

  /** Concurrent calls share one refresh. */
  function renewOnce(): Promise<string> {
    if (inFlight && performance.now() - startedAt <= timeout) return inFlight
    startedAt = performance.now()
    const token = renew().finally(() => {
      if (inFlight === token) inFlight = undefined
    })
    inFlight = token
    return token
  }

  return async (send) => {
    const used = accessToken ?? (await renewOnce())
    try {
      return await send(credentialHeaders("accessToken", used))
    } catch (error) {
      if (!isUnauthenticated(error)) throw error
      // Another call may have renewed the token in the meantime.
      if (accessToken === used) accessToken = undefined
      return send(credentialHeaders("accessToken", accessToken ?? (await renewOnce())))
    }
  }
}

const isUnauthenticated = (error: unknown): error is LatchkeyError =>
  error instanceof LatchkeyError && error.reason === "UNAUTHENTICATED"
