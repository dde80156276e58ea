import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { describeError, failureOf } from "@latchkey/api"
import { closeInStages } from "./closeInStages.ts"
import { isDraining, waitBeforeAnswer } from "./drain.ts"
import type { Log } from "./log.ts"
import { lastAnswer, refusalStatusOf, refuse } from "./refuse.ts"
import { trackIdle } from "./trackIdle.ts"
import { waitForEarlierRequests } from "./waitForEarlierRequests.ts"

export interface HttpServerOptions {
  log: Log
  /** Milliseconds for a request's headers to arrive; the whole request gets twice that. */
  headersTimeout: number
  /** Seconds that a connection may wait for its next request. */
  keepAliveTimeout: number
}

/** Milliseconds that a connection may stay without anything moving on it during a request. */
const INACTIVITY_TIMEOUT = 30_000

/**
 * An HTTP/1.1 server that closes connections of clients that are too slow, and that no client can stop: every error
 * of a connection ends in that connection.
 */
export function createHttpServer(
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>,
  { log, headersTimeout, keepAliveTimeout }: HttpServerOptions,
): Server {
  const logError = (activity: string) => (error: unknown) =>
    log.error({ errors: [describeError(error)] }, activity)
  const server = createServer({
    // The app refuses it in the contract's form, and the metrics need no host.
    requireHostHeader: false,
    headersTimeout,
    requestTimeout: 2 * headersTimeout,
    // Between requests it takes the place of the timeout below.
    keepAliveTimeout: keepAliveTimeout * 1000,
    connectionsCheckingInterval: 1_000,
  })
  server.setTimeout(INACTIVITY_TIMEOUT)
  trackIdle(server)
  server.on("connection", closeInStages)
  server.on("request", async (incoming, outgoing) => {
    outgoing.on("error", logError("answering"))
    const earlier = waitForEarlierRequests(incoming, outgoing)
    if (earlier) await earlier
    try {
      const wait = waitBeforeAnswer(server)
      if (wait) await wait
      await answer(incoming, outgoing)
    } catch (error) {
      if (outgoing.headersSent) {
        logError("answering")(error)
        outgoing.destroy()
      } else {
        const { headers, body } = lastAnswer(failureOf(error), 500, log, error)
        outgoing.writeHead(500, headers).end(body)
      }
    }
  })
  // A connection that can't be accepted, for want of file descriptors say. A failure to listen is for the caller.
  server.once("listening", () => server.on("error", logError("accepting")))
  // An expectation that is not known may be ignored (RFC 9110, section 10.1.1).
  server.on("checkExpectation", (incoming, outgoing) => server.emit("request", incoming, outgoing))
  server.on("clientError", (error, socket) => refuse(socket as Socket, refusalStatusOf(error), log))
  server.on("connect", (_, socket) => refuse(socket as Socket, 400, log))
  return server
}

/**
 * Ends the connection with this answer if the request's body is still to come, as the next request would be behind it,
 * or if the server is draining. To be called before the head is written, and not synchronously from the `request`
 * event: Node learns only after it whether there is a body.
 */
export function decideKeepAlive(
  server: Server,
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
): void {
  if (!incoming.complete || isDraining(server)) outgoing.shouldKeepAlive = false
}
