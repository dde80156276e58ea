/** The calls of one request by one key. */
interface Calls {
  isGuarded: boolean
  procedures: number
  counted: number
}

/**
 * The calls of one request to the host that have been counted, by key. A guard in front of a tRPC router verifies for
 * all calls in the request, although each of them is verified again.
 */
export class CountedCalls {
  /** A host may ask about several keys, or have several servers with different keys in its process. */
  readonly #byKey = new Map<string, Calls>()

  /**
   * Notes a verdict about a call by a key.
   *
   * @param of `request`: the verdict is about the whole request. `procedure`: it is the first one about one of its
   *   procedure calls.
   * @returns whether an earlier verdict has counted the call.
   */
  note(of: "request" | "procedure", apiKeyId: string): boolean {
    const noted = this.#byKey.get(apiKeyId) ?? { isGuarded: false, procedures: 0, counted: 0 }
    this.#byKey.set(apiKeyId, noted)
    if (of === "request") noted.isGuarded = true
    else noted.procedures++
    const calls = Math.max(noted.procedures, noted.isGuarded ? 1 : 0)
    if (calls <= noted.counted) return true
    noted.counted = calls
    return false
  }
}

const byHeaders = new WeakMap<object, CountedCalls>()

/**
 * The counted calls of a framework's own request. Wrappers of the same request share its headers object.
 *
 * @param request undefined if no other verdict can be about the same request.
 */
export function countedCallsOf(request: unknown): CountedCalls {
  const { raw = request } = (request ?? {}) as { raw?: unknown }
  const { headers } = (raw ?? {}) as { headers?: unknown }
  if (typeof headers !== "object" || headers === null) return new CountedCalls()
  const known = byHeaders.get(headers)
  if (known) return known
  const counted = new CountedCalls()
  byHeaders.set(headers, counted)
  return counted
}
