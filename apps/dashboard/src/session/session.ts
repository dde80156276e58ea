import { type CookieSignedIn, createLatchkey, type Latchkey, LatchkeyError, type User } from "@latchkey/sdk"
import { apiUrl } from "../apiUrl.ts"

/** Not secret: set if there may be a session to resume, which saves first visits a refresh that would fail. */
const HINT_KEY = "latchkey.hasSession"
/** Only one tab at a time may replace the refresh token. */
const LOCK_NAME = "latchkey.session"
/** An access token is renewed if it expires within this many milliseconds, unless it is younger than `MIN_AGE`. */
const RENEW_BEFORE = 30_000
const MIN_AGE = 60_000

export type SessionState =
  | { status: "starting"; failure: unknown }
  | { status: "signedOut"; because: "never" | "signedOut" | "ended" }
  | { status: "signedIn"; user: User }

interface AccessToken {
  value: string
  expiresAt: number
  /** On the monotonic clock of `performance.now()`. */
  receivedAt: number
}

// Over plain http, the page makes no calls and asks for HTTPS instead.
const options = { baseUrl: apiUrl, retries: 0, allowInsecureHttp: true }
const latchkey = createLatchkey(options)
const latchkeyAsUser = createLatchkey({ ...options, accessToken: currentAccessToken })
const otherTabs = new BroadcastChannel("latchkey")
const listeners = new Set<() => void>()

let state: SessionState = localStorage.getItem(HINT_KEY)
  ? { status: "starting", failure: null }
  : { status: "signedOut", because: "never" }
let accessToken: AccessToken | undefined
let renewal: Promise<string> | undefined

export const getSessionState = () => state

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function setState(next: SessionState) {
  state = next
  if (next.status === "signedIn") localStorage.setItem(HINT_KEY, "1")
  if (next.status === "signedOut") {
    accessToken = undefined
    localStorage.removeItem(HINT_KEY)
  }
  for (const listener of listeners) listener()
}

/** Creates an account or signs in to one. The refresh token stays in the cookie. */
export async function signIn(mode: "register" | "login", credentials: { email: string; password: string }) {
  await navigator.locks.request(LOCK_NAME, async () => {
    setSignedIn(await latchkey.auth[mode]({ ...credentials, session: "cookie" }))
  })
  otherTabs.postMessage("signedIn")
}

/** Ends the session in all tabs. The cookie identifies it, so no access token is needed. */
export async function signOut() {
  await navigator.locks.request(LOCK_NAME, () => latchkey.auth.logout())
  otherTabs.postMessage("signedOut")
  setState({ status: "signedOut", because: "signedOut" })
}

function setSignedIn(signedIn: CookieSignedIn) {
  accessToken = {
    value: signedIn.accessToken,
    expiresAt: signedIn.accessTokenExpiresAt.getTime(),
    receivedAt: performance.now(),
  }
  setState({ status: "signedIn", user: signedIn.user })
}

/** Gets a new access token for the cookie's session. Tabs take turns, because each refresh replaces the cookie. */
async function renew(): Promise<string> {
  return navigator.locks.request(LOCK_NAME, async () => {
    try {
      const signedIn = await latchkey.auth.refresh()
      setSignedIn(signedIn)
      return signedIn.accessToken
    } catch (error) {
      if (isUnauthenticated(error)) setState({ status: "signedOut", because: "ended" })
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
 * The access token for the next call, renewed if it is about to expire. New tokens are never renewed: the clock may be
 * wrong, and every call would renew the token.
 */
async function currentAccessToken(): Promise<string> {
  if (!accessToken) return renewOnce()
  const { value, expiresAt, receivedAt } = accessToken
  const isExpiring = performance.now() - receivedAt > MIN_AGE && expiresAt - Date.now() < RENEW_BEFORE
  return isExpiring ? renewOnce() : value
}

/** Makes a call as the user. If the server rejects the access token, retries once with a new one. */
export async function asUser<T>(call: (latchkey: Latchkey) => Promise<T>): Promise<T> {
  try {
    return await call(latchkeyAsUser)
  } catch (error) {
    if (!isUnauthenticated(error) || state.status !== "signedIn") throw error
    await renewOnce()
    return call(latchkeyAsUser)
  }
}

/** Resumes the session of the last visit. Retries with backoff until the server responds. */
export async function resume(attempt = 0): Promise<void> {
  if (state.status !== "starting") return
  try {
    await renewOnce()
  } catch (failure) {
    const retryAfter = failure instanceof LatchkeyError ? (failure.retryAfter ?? 0) * 1000 : 0
    setTimeout(() => resume(attempt + 1), Math.max(retryAfter, Math.min(1000 * 2 ** attempt, 15_000)))
    if (state.status === "starting") setState({ status: "starting", failure })
  }
}

otherTabs.addEventListener("message", ({ data }) => {
  if (data === "signedOut" && state.status !== "signedOut") {
    setState({ status: "signedOut", because: "signedOut" })
  }
  // The other tab may have signed in to another account, so this tab starts over.
  if (data === "signedIn") {
    accessToken = undefined
    setState({ status: "starting", failure: null })
    void resume()
  }
})

/** Whether the session has ended, or the server does not allow this page to have one. */
const isUnauthenticated = (error: unknown) =>
  error instanceof LatchkeyError && /^(UNAUTHENTICATED|FORBIDDEN)$/.test(error.reason)
