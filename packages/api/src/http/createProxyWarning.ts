import type { AppContext } from "./requestState.ts"
import type { Log } from "../../../../apps/server/src/log.ts"

/**
 * Looks for requests that a proxy has forwarded while no proxy is trusted, so that all clients behind it share one
 * address and its limits. Warns once; afterwards it looks no more.
 */
export function createProxyWarning(log: Log, trustProxy: number): (c: AppContext) => void {
  let isDone = trustProxy > 0
  return (c) => {
    if (isDone) return
    const header = ["X-Forwarded-For", "Forwarded"].find((name) => c.req.header(name) !== undefined)
    if (header === undefined) return
    isDone = true
    log.warn(
      `TRUST_PROXY is 0, and a request came with ${header}, which was ignored; behind proxies, set TRUST_PROXY to how many they are, or all clients count as one address`,
    )
  }
}
