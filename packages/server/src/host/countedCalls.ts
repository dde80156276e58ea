/**
 * The calls of one request to the host that have been counted. A guard in front of a tRPC router verifies for all
 * calls in the request, although each of them is verified again.
 */
export class CountedCalls {
  #isGuarded = false
  #procedures = 0
  #counted = 0

  /**
   * Notes a verdict about a call.
   *
   * @param of `request`: the verdict is about the whole request. `procedure`: it is the first one about one of its
   *   procedure calls.
   * @returns whether an earlier verdict has counted the call.
   */
  note(of: "request" | "procedure"): boolean {
    if (of === "request") this.#isGuarded = true
    else this.#procedures++
    const calls = Math.max(this.#procedures, this.#isGuarded ? 1 : 0)
    if (calls <= this.#counted) return true
    this.#counted = calls
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
