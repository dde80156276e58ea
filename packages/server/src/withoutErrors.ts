/** Calls code of the host that no response may depend on. @returns undefined if it throws. */
export function withoutErrors<Result>(call: () => Result): Result | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
