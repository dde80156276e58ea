import { createLatchkey, type Latchkey, LatchkeyError, type Me } from "@latchkey/sdk"
import { apiUrl } from "../apiUrl.ts"
import { retryLater } from "./retryLater.ts"
import { getSessionState, setSessionState, toPerson } from "./state.ts"

// The browser adds the host's own cookie. Over plain http, the page makes no calls and asks for HTTPS instead.
const latchkey = createLatchkey({ baseUrl: apiUrl, retries: 0, allowInsecureHttp: true })

/** Makes a call as the user whom the host identifies. */
export async function asHostUser<T>(call: (latchkey: Latchkey) => Promise<T>): Promise<T> {
  try {
    return await call(latchkey)
  } catch (error) {
    if (isUnauthenticated(error)) setSessionState({ status: "signedOut", because: "ended" })
    throw error
  }
}

/** Finds out who is signed in to the host. Retries until the server responds. */
export async function resumeHostSession(attempt = 0): Promise<void> {
  if (getSessionState().status === "signedIn") return
  try {
    signedIn(await latchkey.auth.me())
  } catch (failure) {
    if (isUnauthenticated(failure)) return setSessionState({ status: "signedOut", because: "never" })
    retryLater(resumeHostSession, { attempt, failure })
    setSessionState({ status: "starting", failure })
  }
}

function signedIn(me: Me) {
  const state = getSessionState()
  // Don't show one user's data to the next.
  if (state.status === "signedIn" && state.user.id !== me.id) location.reload()
  else setSessionState({ status: "signedIn", user: toPerson(me) })
}

/** In another tab, users may sign in to the product, sign out, or sign in as somebody else. */
export function followHostSession() {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || getSessionState().status === "starting") return
    void asHostUser(({ auth }) => auth.me()).then(signedIn, () => {})
  })
}

const isUnauthenticated = (error: unknown) =>
  error instanceof LatchkeyError && error.reason === "UNAUTHENTICATED"
