import type { Me, User } from "@latchkey/sdk"

/** The user who is signed in. */
export interface Person {
  id: string
  /** Their name: the email, or else the id in the product. */
  name: string
  email: string | null
  role: "user" | "admin"
  /** Null if Latchkey has not stored the user. */
  createdAt: Date | null
}

export type SessionState =
  | { status: "starting"; failure: unknown }
  | { status: "signedOut"; because: "never" | "signedOut" | "ended" }
  | { status: "signedIn"; user: Person }

/** A call was refused because another user has signed in meanwhile. */
export class UserChanged extends Error {
  override name = "UserChanged"
}

const listeners = new Set<() => void>()

let state: SessionState = { status: "starting", failure: null }

export const getSessionState = () => state

export const signedInUserId = () => (state.status === "signedIn" ? state.user.id : undefined)

export function setSessionState(next: SessionState) {
  state = next
  for (const listener of listeners) listener()
}

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Waits until it is known who is signed in. */
export function untilStarted(): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (state.status === "starting") return
      stop()
      resolve()
    }
    const stop = onSessionChange(check)
    check()
  })
}

export const toPerson = (user: User | Me): Person => ({
  id: user.id,
  name: user.email ?? ("subject" in user ? user.subject : user.id),
  email: user.email,
  role: user.role,
  createdAt: user.createdAt,
})
