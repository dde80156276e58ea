import type { Identify, Identity } from "./options.ts"

/** A request to the host, for which `identify` is called once. */
export class HostCall {
  /** The framework's own request. */
  readonly request: unknown
  readonly #isLongLived: boolean
  #identity: Promise<Identity | null> | undefined

  /** @param isLongLived whether calls at any later time belong to it, so that nothing is remembered. */
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

  /** Forgets who is signed in. */
  forget(): void {
    this.#identity = undefined
  }
}

/** Calls `identify` once for each call to the host, with the framework's own request. */
export const identifyOnce =
  (identify: Identify): Identify =>
  (headers, request) =>
    request instanceof HostCall ? request.identify(identify, headers) : identify(headers, request)
