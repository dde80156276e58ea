import type { SignedIn } from "@latchkey/contract"
import type { Credential } from "./credential.ts"
import { credentialHeaders } from "./credentialHeaders.ts"
import { LatchkeyError } from "./latchkeyError.ts"
import type { SessionOptions } from "./options.ts"

/** Asks the server for the next pair. */
export type Refresh = (refreshToken: string) => Promise<SignedIn>

/**
 * A credential that renews itself when the server no longer takes it. The clock is not asked: it may be wrong, and
 * a session can end before its time.
 *
 * A refresh whose answer got lost may have been carried out, and presenting the same token again would then end
 * the session. So a call fails with it and does not try again by itself; the next call does, since the session may
 * well be alive and there is no other way to know.
 */
export function createSession({ onRefresh, ...session }: SessionOptions, refresh: Refresh): Credential {
  let { refreshToken, accessToken } = session
  let underWay: Promise<string> | undefined
  let ended: LatchkeyError | undefined

  async function renew(): Promise<string> {
    if (ended) throw ended
    const signedIn = await refresh(refreshToken).catch((error: unknown) => {
      if (isUnauthenticated(error)) ended = sessionEnded(error)
      throw ended ?? error
    })
    refreshToken = signedIn.refreshToken
    accessToken = signedIn.accessToken
    await onRefresh?.(signedIn)
    return signedIn.accessToken
  }

  /** One at a time, however many calls wait for it. */
  function renewOnce(): Promise<string> {
    underWay ??= renew().finally(() => {
      underWay = undefined
    })
    return underWay
  }

  return async (send) => {
    const used = accessToken ?? (await renewOnce())
    try {
      return await send(credentialHeaders("accessToken", used))
    } catch (error) {
      if (!isUnauthenticated(error)) throw error
      // Another call may have renewed it in the meantime.
      if (accessToken === used) accessToken = undefined
      return send(credentialHeaders("accessToken", accessToken ?? (await renewOnce())))
    }
  }
}

const isUnauthenticated = (error: unknown): error is LatchkeyError =>
  error instanceof LatchkeyError && error.reason === "UNAUTHENTICATED"

const sessionEnded = ({ reason, status, requestId }: LatchkeyError) =>
  new LatchkeyError("The session has ended; sign in again.", { reason, status, requestId })
