import {
  type Auth,
  type Authentication,
  addressBlock,
  type LeavePlace,
  type RunQueued,
  siteBlock,
} from "@latchkey/auth"
import type { BasicCredential } from "../http/basicCredential.ts"
import type { RequestState } from "../http/requestState.ts"

/** The context of Latchkey's procedures. It has one property, so that it fits beside another router's context. */
export interface Context {
  latchkey: Latchkey
}

/** The service, which a host may open only when the first call needs it. */
export interface AuthSource {
  /** Undefined until the service is open. */
  readonly current: Auth | undefined
  /** @throws {AuthError} `UNAVAILABLE`. */
  open(): Promise<Auth>
}

/** The source of a service that is open. */
export const openSource = (auth: Auth): AuthSource => ({ current: auth, open: async () => auth })

/** One request's access to the service. */
export class Latchkey {
  readonly request: RequestState
  readonly #source: AuthSource
  /** Kept, so that a call that is in flight when the service closes fails in the same way as its queries. */
  #auth: Auth | undefined
  #authentication: Promise<Authentication> | undefined
  #runQueued: RunQueued | undefined

  constructor(source: AuthSource, request: RequestState) {
    this.#source = source
    this.request = request
  }

  /** The service. Every procedure waits for `opening` before it uses this. */
  get auth(): Auth {
    if (!this.#auth) throw new TypeError("the service is not open")
    return this.#auth
  }

  /**
   * Opens the service. Returns null if it is open.
   *
   * @throws {AuthError} `UNAVAILABLE`, from the promise.
   */
  opening(): Promise<void> | null {
    this.#auth ??= this.#source.current
    return this.#auth ? null : this.#open()
  }

  async #open() {
    this.#auth = await this.#source.open()
  }

  /** Authenticates the request at the first call, and only once, unless it is long-lived. */
  authenticate(): Promise<Authentication> {
    if (this.request.isLongLived) return this.authenticateAgain()
    this.#authentication ??= this.authenticateAgain()
    return this.#authentication
  }

  /** Authenticates the request now. */
  async authenticateAgain(): Promise<Authentication> {
    // Not awaited, so that all concurrent reads of a call can share a batch.
    const opening = this.opening()
    if (opening) await opening
    const authentication = await this.#authenticateNow()
    this.request.caller = authentication.caller
    return authentication
  }

  #authenticateNow(): Promise<Authentication> {
    const { basic, headers, hostRequest } = this.request
    return basic ? this.#authenticateBasic(basic) : this.auth.authenticate(headers, this.request, hostRequest)
  }

  async #authenticateBasic(basic: BasicCredential): Promise<Authentication> {
    const byKey = new Headers({ "x-api-key": toFieldValue(basic.key) })
    const authentication = await this.auth.authenticate(byKey, this.request)
    const { caller } = authentication
    return !caller || (caller.via === "apiKey" && caller.apiKeyId === basic.id)
      ? authentication
      : { caller: null, problem: "invalid", cause: "mismatch" }
  }

  /**
   * Runs a call when it is its client's turn. The client is the caller's owner, or the address as long as the owner
   * is not known. An owner's keys and sessions count as two clients: a flood with a leaked key must not keep its
   * owner from revoking it. Within each of these, every key and every session is a lane of its own, for the same
   * reason. All networks of an IPv6 site are one client, in which each is a lane.
   *
   * @throws {AuthError} `UNAVAILABLE`, before the call has begun.
   */
  runQueued<T>(run: () => Promise<T>): Promise<T> {
    const { caller } = this.request
    if (!caller) return this.#runQueuedAs(null, run)
    const lane =
      caller.via === "apiKey" ? caller.apiKeyId : caller.via === "jwt" ? caller.sessionId : undefined
    return this.#runQueuedAs(`${caller.owner.id} ${caller.via}`, run, lane)
  }

  /**
   * The same for a call by refresh token. A live session does not wait for requests with made-up tokens from its
   * address.
   */
  async runQueuedAsHolder<T>(refreshToken: string, run: () => Promise<T>): Promise<T> {
    const holder = await this.auth.accounts.holderOf(refreshToken)
    return this.#runQueuedAs(holder && `${holder.id} refreshToken`, run)
  }

  #runQueuedAs<T>(client: string | null, run: () => Promise<T>, lane?: string): Promise<T> {
    this.#runQueued ??= this.auth.queue.forRequest()
    // One call of a request runs at a time.
    const runInPlace = (leavePlace: LeavePlace) => {
      this.request.onLeaseWait = leavePlace
      return run()
    }
    if (client !== null) return this.#runQueued(client, runInPlace, lane)
    const { address } = this.request
    return this.#runQueued(siteBlock(address), runInPlace, addressBlock(address))
  }
}

/** No key contains commas, which separate two keys, or characters that a header can't hold. */
const toFieldValue = (text: string) => text.replaceAll(/[^\x21-\x2b\x2d-\x7e]/g, "?")

/** Creates the context of a request. */
export const createContext = (source: AuthSource, request: RequestState): Context => ({
  latchkey: new Latchkey(source, request),
})
