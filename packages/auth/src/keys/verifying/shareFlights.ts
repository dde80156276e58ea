/** Shares work in flight: calls with the same key get the result of the first one. */
export function createShare<Result>(): (key: string, begin: () => Promise<Result>) => Promise<Result> {
  const inFlight = new Map<string, Promise<Result>>()
  return (key, begin) => {
    const shared = inFlight.get(key)
    if (shared) return shared
    const flight = begin().finally(() => inFlight.delete(key))
    inFlight.set(key, flight)
    return flight
  }
}
