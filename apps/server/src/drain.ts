import { once } from "node:events"
import type { Server } from "node:http"

/**
 * Longest wait for requests under way. The process is to be gone within 10 s; 1.5 s of notice may come before, and
 * up to 5 s of writing what is left after.
 */
const GRACE_MS = 3_500

/** Closes a server: no new connections, idle ones closed, busy ones when their answer is out or time is up. */
export async function drain(server: Server): Promise<void> {
  const closed = once(server, "close")
  server.close()
  // Who goes on asking on a busy connection is told to open another, elsewhere, instead of being cut off in the end.
  server.prependListener("request", (_, response) => {
    response.shouldKeepAlive = false
  })
  // Keep-alive connections that were busy turn idle one after the other.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const deadline = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
}
