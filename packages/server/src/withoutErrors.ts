/**
 * Calls code of the host that no response may depend on. It may be asynchronous although its type returns nothing, and a
 * rejection that nobody handles would end the process.
 *
 * @returns undefined if it throws.
 */
export function withoutErrors<Result>(call: () => Result): Result | undefined {
  try {
    const result = call()
    if (isThenable(result)) result.then(undefined, () => {})
    return result
  } catch {
    return undefined
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"
