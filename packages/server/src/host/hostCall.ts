import type { Caller as AuthCaller, ScopesOf as AuthScopesOf } from "@latchkey/auth"
import type { Identify, Identity, ScopesOf } from "../options/options.ts"
import { toCaller } from "../verify/toCaller.ts"

/** A request to the host, for which `identify` and `scopesOf` are called once. */
export class HostCall {
  /** The framework's own request. */
  readonly request: unknown
  readonly #isLongLived: boolean
  #identity: Promise<Identity | null> | undefined
  #scopes: Promise<readonly string[]> | undefined

  /** @param isLongLived whether later calls can belong to it, so that nothing is remembered. */
  constructor(request: unknown, isLongLived: boolean) {
    this.request = request
    this.#isLongLived = isLongLived
  }

  identify(identify: Identify, headers: Headers): Promise<Identity | null> {
    if (this.#isLongLived || !this.#identity) {
      this.#identity = (async () => identify(headers, this.request))()
    }
    return this.#identity
  }

  /** A request has one credential, so every call has the same caller. */
  scopesOf(scopesOf: ScopesOf, caller: AuthCaller): Promise<readonly string[]> {
    if (this.#isLongLived || !this.#scopes) this.#scopes = (async () => scopesOf(toCaller(caller)))()
    return this.#scopes
  }

  /** Forgets who is signed in, and what they may do. */
  forget(): void {
    this.#identity = undefined
    this.#scopes = undefined
  }
}

/** Calls `identify` once for each call to the host, with the framework's own request. */
export const identifyOnce =
  (identify: Identify): Identify =>
  (headers, request) =>
    request instanceof HostCall ? request.identify(identify, headers) : identify(headers, request)

/** Calls `scopesOf` once for each call to the host. */
export const scopesOfOnce =
  (scopesOf: ScopesOf): AuthScopesOf =>
  (caller, request) =>
    request instanceof HostCall ? request.scopesOf(scopesOf, caller) : scopesOf(toCaller(caller))
