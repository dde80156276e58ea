import { type CookieSignedIn, createLatchkey, type Latchkey, LatchkeyError, type User } from "@latchkey/sdk"

/** Nothing secret: that there may be a session to go on with, which spares a first visit a call that must fail. */
const HINT = "latchkey.hasSession"
/** Held while the refresh token is replaced, in one tab at a time. */
const LOCK = "latchkey.session"
/** Milliseconds before its end in which an access token is renewed, and its age under which it is not. */
const RENEW_BEFORE = 30_000
const YOUNG = 60_000

export type SessionState =
  | { status: "starting"; failure: unknown }
  | { status: "signedOut"; because: "never" | "signedOut" | "ended" }
  | { status: "signedIn"; user: User }

interface AccessToken {
  value: string
  expiresAt: number
  /** By the clock that nobody sets. */
  receivedAt: number
}

// Over plain http the browser keeps no such cookie, and the page says so instead of calling.
const options = { baseUrl: location.origin, retries: 0, allowInsecureHttp: true }
const latchkey = createLatchkey(options)
const latchkeyAsUser = createLatchkey({ ...options, accessToken: currentAccessToken })
const otherTabs = new BroadcastChannel("latchkey")
const listeners = new Set<() => void>()

let state: SessionState = localStorage.getItem(HINT)
  ? { status: "starting", failure: null }
  : { status: "signedOut", because: "never" }
let accessToken: AccessToken | undefined
let renewal: Promise<string> | undefined

export const getSessionState = () => state

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function become(next: SessionState) {
  state = next
  if (next.status === "signedIn") localStorage.setItem(HINT, "1")
  if (next.status === "signedOut") {
    accessToken = undefined
    localStorage.removeItem(HINT)
  }
  for (const listener of listeners) listener()
}

/** Opens an account or signs in to one. The refresh token stays in the cookie. */
export async function signIn(way: "register" | "login", credentials: { email: string; password: string }) {
  await navigator.locks.request(LOCK, async () => {
    accept(await latchkey.auth[way]({ ...credentials, session: "cookie" }))
  })
  otherTabs.postMessage("signedIn")
}

/** Ends the session, here and in all tabs; it needs no access token, as the cookie says which. */
export async function signOut() {
  await navigator.locks.request(LOCK, () => latchkey.auth.logout())
  otherTabs.postMessage("signedOut")
  become({ status: "signedOut", because: "signedOut" })
}

function accept(signedIn: CookieSignedIn) {
  accessToken = {
    value: signedIn.accessToken,
    expiresAt: signedIn.accessTokenExpiresAt.getTime(),
    receivedAt: performance.now(),
  }
  become({ status: "signedIn", user: signedIn.user })
}

/** Goes on with the session that the cookie holds, one tab after the other. */
async function renew(): Promise<string> {
  return navigator.locks.request(LOCK, async () => {
    try {
      const signedIn = await latchkey.auth.refresh()
      accept(signedIn)
      return signedIn.accessToken
    } catch (error) {
      if (isUnauthenticated(error)) become({ status: "signedOut", because: "ended" })
      throw error
    }
  })
}

function renewOnce(): Promise<string> {
  renewal ??= renew().finally(() => {
    renewal = undefined
  })
  return renewal
}

/**
 * An access token for a call. The clock decides only for tokens that are not young: it may be wrong, and must not
 * make every call a renewal.
 */
async function currentAccessToken(): Promise<string> {
  if (!accessToken) return renewOnce()
  const { value, expiresAt, receivedAt } = accessToken
  const isOld = performance.now() - receivedAt > YOUNG && expiresAt - Date.now() < RENEW_BEFORE
  return isOld ? renewOnce() : value
}

/** Makes a call as the user, and again with a new access token if the server no longer took the one at hand. */
export async function asUser<T>(call: (latchkey: Latchkey) => Promise<T>): Promise<T> {
  try {
    return await call(latchkeyAsUser)
  } catch (error) {
    if (!isUnauthenticated(error) || state.status !== "signedIn") throw error
    await renewOnce()
    return call(latchkeyAsUser)
  }
}

/** Goes on where the last visit ended; while the server does not answer, tries again by itself. */
export async function resume(attempt = 0): Promise<void> {
  if (state.status !== "starting") return
  try {
    await renewOnce()
  } catch (failure) {
    const asked = failure instanceof LatchkeyError ? (failure.retryAfter ?? 0) * 1000 : 0
    setTimeout(() => resume(attempt + 1), Math.max(asked, Math.min(1000 * 2 ** attempt, 15_000)))
    if (state.status === "starting") become({ status: "starting", failure })
  }
}

otherTabs.addEventListener("message", ({ data }) => {
  if (data === "signedOut" && state.status !== "signedOut") {
    become({ status: "signedOut", because: "signedOut" })
  }
  // It may be another account: whatever this tab knew is void.
  if (data === "signedIn") {
    accessToken = undefined
    become({ status: "starting", failure: null })
    void resume()
  }
})

/** The session is over, or this page may not have one. */
const isUnauthenticated = (error: unknown) =>
  error instanceof LatchkeyError && /^(UNAUTHENTICATED|FORBIDDEN)$/.test(error.reason)
