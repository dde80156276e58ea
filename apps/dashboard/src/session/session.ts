import {
  type CookieSignedIn,
  createLatchkey,
  type Latchkey,
  LatchkeyError,
  type SecondFactorAnswer,
} from "@latchkey/sdk"
import { apiUrl } from "../apiUrl.ts"
import { settings } from "../settings.ts"
import { readStored, store } from "../storage.ts"
import { asHostUser, followHostSession, resumeHostSession } from "./hostSession.ts"
import { retryLater } from "./retryLater.ts"
import {
  getSessionState,
  type SessionState,
  setSessionState,
  signedInUserId,
  toPerson,
  UserChanged,
  untilStarted,
} from "./state.ts"

/**
 * Not secret. It is set if there may be a session to resume, so that first visits don't try a refresh that would fail.
 */
const HINT_KEY = "latchkey.hasSession"
/** Only one tab at a time may replace the refresh token. */
const LOCK_NAME = "latchkey.session"
/** An access token is renewed if it expires within this many milliseconds, unless it is younger than `MIN_AGE`. */
const RENEW_BEFORE = 30_000
const MIN_AGE = 60_000

interface AccessToken {
  value: string
  expiresAt: number
  /** On the monotonic clock of `performance.now()`. */
  receivedAt: number
}

// Over plain http, the page makes no calls and asks for HTTPS instead.
const options = { baseUrl: apiUrl, retries: 0, allowInsecureHttp: true }
const latchkey = createLatchkey(options)
const otherTabs = new BroadcastChannel("latchkey")

let accessToken: AccessToken | undefined
let renewal: Promise<string> | undefined

function setState(next: SessionState) {
  if (next.status === "signedIn") store(HINT_KEY, "1")
  if (next.status === "signedOut") {
    accessToken = undefined
    store(HINT_KEY, null)
  }
  setSessionState(next)
}

/** Whether there may be a session to resume, either the dashboard's own or the host's. */
export const mayBeSignedIn = () =>
  settings.signIn === "host" || (settings.signIn === "password" && readStored(HINT_KEY) !== null)

/** Finds out who is signed in. Must run before the first render. */
export function startSession() {
  if (!isSecureContext) return
  if (settings.signIn === "host") {
    followHostSession()
    void resumeHostSession()
  } else if (mayBeSignedIn()) void resume()
  else setSessionState({ status: "signedOut", because: "never" })
}

/**
 * Creates an account or signs in to one. The refresh token stays in the cookie.
 *
 * @throws {LatchkeyError} `SECOND_FACTOR_REQUIRED` with the challenge for `answerChallenge`.
 */
export const signIn = (mode: "register" | "login", credentials: { email: string; password: string }) =>
  openSession(() => latchkey.auth[mode]({ ...credentials, session: "cookie" }))

/** Completes a sign-in with a second-factor code. */
export const answerChallenge = (answer: SecondFactorAnswer) =>
  openSession(() => latchkey.auth.login({ ...answer, session: "cookie" }))

async function openSession(call: () => Promise<CookieSignedIn>) {
  await inTurn(async () => setSignedIn(await call()))
  otherTabs.postMessage("signedIn")
}

/** Runs one call at a time in all tabs. A browser that denies storage to the page denies locks too. */
async function inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await navigator.locks.request(LOCK_NAME, call)
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError") return call()
    throw error
  }
}

/** Ends the session in all tabs. The cookie identifies it, so no access token is needed. */
export async function signOut() {
  await inTurn(() => latchkey.auth.logout())
  otherTabs.postMessage("signedOut")
  setState({ status: "signedOut", because: "signedOut" })
}

function setSignedIn(signedIn: CookieSignedIn) {
  accessToken = {
    value: signedIn.accessToken,
    expiresAt: signedIn.accessTokenExpiresAt.getTime(),
    receivedAt: performance.now(),
  }
  setState({ status: "signedIn", user: toPerson(signedIn.user) })
}

/** Gets a new access token for the cookie's session. Tabs take turns, because each refresh replaces the cookie. */
async function renew(): Promise<string> {
  return inTurn(async () => {
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

/**
 * Makes calls as one user only. All tabs share one cookie, and another tab may sign in as another user at any time. A
 * call made by one user must never run as another.
 */
function createUserClient(userId: string | undefined) {
  const onlyTheirs = async (token: Promise<string>) => {
    const value = await token
    if (userId === undefined || userId !== signedInUserId())
      throw new UserChanged("another user has signed in")
    return value
  }
  const current = () => onlyTheirs(currentAccessToken())
  return {
    userId,
    latchkey: createLatchkey({ ...options, accessToken: current }),
    current,
    renewed: () => onlyTheirs(renewOnce()),
  }
}

let userClient = createUserClient(undefined)

/** The signed-in user's client. All calls use the same client, so that they can share a request. */
function clientOfUser() {
  const userId = signedInUserId()
  if (userClient.userId !== userId) userClient = createUserClient(userId)
  return userClient
}

/**
 * Creates a function that makes calls as the user who is signed in now, and refuses to once another user is. If the
 * server rejects the access token, it retries the call once with a new one.
 */
export function createAsUser(): <T>(call: (latchkey: Latchkey) => Promise<T>) => Promise<T> {
  if (settings.signIn === "host") return asHostUser
  const client = clientOfUser()
  return async (call) => {
    try {
      return await call(client.latchkey)
    } catch (error) {
      if (!isUnauthenticated(error) || client.userId !== signedInUserId()) throw error
      await client.renewed()
      return call(client.latchkey)
    }
  }
}

/** Makes a call as the user. */
export const asUser = <T>(call: (latchkey: Latchkey) => Promise<T>): Promise<T> => createAsUser()(call)

/**
 * Creates a function that returns access tokens of the user who is signed in now, for a component that makes its own
 * calls: the current token, or a new one if the server has rejected the current one.
 */
export function createGetAccessToken(): (rejected?: string) => Promise<string> {
  const client = clientOfUser()
  return (rejected) =>
    rejected !== undefined && rejected === accessToken?.value ? client.renewed() : client.current()
}

/** Shows the sign-in page, because the server no longer knows the user. */
export const endSession = () => setState({ status: "signedOut", because: "ended" })

/** Makes a call without a credential. */
export const asAnybody = <T>(call: (latchkey: Latchkey) => Promise<T>): Promise<T> => call(latchkey)

/** Makes a call as the signed-in user, or without a credential if nobody is signed in. */
export async function asWhoeverIsHere<T>(call: (latchkey: Latchkey) => Promise<T>): Promise<T> {
  await untilStarted()
  return getSessionState().status === "signedIn" ? asUser(call) : asAnybody(call)
}

/** Loads the signed-in user again, because their role may have changed. */
export async function renewUser(): Promise<void> {
  if (settings.signIn === "password" && getSessionState().status === "signedIn") await renewOnce()
}

/** Resumes the session of the last visit. Retries with backoff until the server responds. */
async function resume(attempt = 0): Promise<void> {
  if (getSessionState().status !== "starting") return
  try {
    await renewOnce()
  } catch (failure) {
    retryLater(resume, { attempt, failure })
    if (getSessionState().status === "starting") setState({ status: "starting", failure })
  }
}

otherTabs.addEventListener("message", ({ data }) => {
  if (data === "signedOut" && getSessionState().status !== "signedOut") {
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
