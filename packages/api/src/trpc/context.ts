import { type Auth, type Authentication, addressBlock, type RunQueued } from "@latchkey/auth"
import type { RequestState } from "../http/requestState.ts"

/** The context of Latchkey's procedures. It has one property, so that it fits beside another router's context. */
export interface Context {
  latchkey: Latchkey
}

/** One request's access to the service. */
export class Latchkey {
  readonly auth: Auth
  readonly request: RequestState
  #authentication: Promise<Authentication> | undefined
  #runQueued: RunQueued | undefined

  constructor(auth: Auth, request: RequestState) {
    this.auth = auth
    this.request = request
  }

  /** Authenticates the request at the first call, and only once. */
  authenticate(): Promise<Authentication> {
    this.#authentication ??= this.#authenticate()
    return this.#authentication
  }

  async #authenticate(): Promise<Authentication> {
    const { auth, request } = this
    const authentication = await auth.authenticate(request.headers, request)
    request.caller = authentication.caller
    return authentication
  }

  /**
   * Runs a call when it is its client's turn. Clients are told apart by the caller's user once that is known, else by
   * the address. A user's keys and sessions are two clients: who floods with a leaked key must not keep its owner from
   * revoking it. Within these, each key and each session is a lane, for the same reason.
   *
   * @throws {AuthError} `UNAVAILABLE`, before the call has begun.
   */
  runQueued<T>(run: () => Promise<T>): Promise<T> {
    const { caller } = this.request
    if (!caller) return this.#runQueuedAs(null, run)
    const lane = caller.via === "jwt" ? caller.sessionId : caller.apiKeyId
    return this.#runQueuedAs(`${caller.user.id} ${caller.via}`, run, lane)
  }

  /** The same for a call by refresh token: a live session does not wait for what others at its address make up. */
  async runQueuedAsHolder<T>(refreshToken: string, run: () => Promise<T>): Promise<T> {
    const holder = await this.auth.accounts.holderOf(refreshToken)
    return this.#runQueuedAs(holder && `${holder.id} refreshToken`, run)
  }

  #runQueuedAs<T>(client: string | null, run: () => Promise<T>, lane?: string): Promise<T> {
    this.#runQueued ??= this.auth.queue.forRequest()
    return this.#runQueued(client ?? addressBlock(this.request.address), run, lane)
  }
}

/** Creates the context of a request. */
export const createContext = (auth: Auth, request: RequestState): Context => ({
  latchkey: new Latchkey(auth, request),
})
