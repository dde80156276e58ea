import { type Auth, type Authentication, addressBlock, type TakeTurn } from "@latchkey/auth"
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
  #takeTurn: TakeTurn | undefined

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
   * the address.
   *
   * @throws {AuthError} `UNAVAILABLE`, before the call has begun.
   */
  runInTurn<T>(run: () => Promise<T>): Promise<T> {
    const { auth, request } = this
    this.#takeTurn ??= auth.queue.forRequest()
    return this.#takeTurn(request.caller?.user.id ?? addressBlock(request.address), run)
  }
}

/** Creates the context of a request. */
export const createContext = (auth: Auth, request: RequestState): Context => ({
  latchkey: new Latchkey(auth, request),
})
