import type { Logger } from "./logger.ts"

/**
 * Creates a check that warns about a request forwarded by a proxy while no proxy is trusted: all clients behind that
 * proxy then share one address and its rate limits. It warns once per process.
 */
export function createProxyWarning(log: Logger, trustProxy: number): (headers: Pick<Headers, "get">) => void {
  let isDone = trustProxy > 0
  return (headers) => {
    if (isDone) return
    const header = ["X-Forwarded-For", "Forwarded"].find((name) => headers.get(name) !== null)
    if (header === undefined) return
    isDone = true
    log.warn(
      `TRUST_PROXY is 0, so the header ${header} of a request was ignored; behind proxies, set TRUST_PROXY to their number, or all clients count as one address`,
    )
  }
}
