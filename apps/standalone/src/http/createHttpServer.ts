import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { describeError, failureOf } from "@latchkey/api"
import type { Log } from "../log.ts"
import { closeInStages } from "./closeInStages.ts"
import { isDraining, waitBeforeResponse } from "./drain.ts"
import { limitChunks } from "./limitChunks.ts"
import { limitConnections } from "./limitConnections.ts"
import { limitReceived } from "./limitReceived.ts"
import { limitUnsent } from "./limitUnsent.ts"
import { invalidRequest, lastResponse, refusalStatus, refuse } from "./refuse.ts"
import { takeTurns } from "./takeTurns.ts"
import { trackIdle } from "./trackIdle.ts"
import { waitForEarlierRequests } from "./waitForEarlierRequests.ts"

export interface HttpServerOptions {
  log: Log
  /** Milliseconds in which a request's headers must arrive. The whole request gets twice as long. */
  headersTimeout: number
  /** Seconds that an idle connection stays open for its next request. */
  keepAliveTimeout: number
}

/** Milliseconds without traffic after which a connection is closed during a request. */
const INACTIVITY_TIMEOUT = 30_000

/**
 * A request with this many headers is refused. Their size is limited too, but a header of four bytes takes a hundred in
 * memory, so a few thousand requests at once could fill it.
 */
const TOO_MANY_HEADERS = 200

/**
 * Creates an HTTP/1.1 server that closes connections of slow clients. No client can stop it: an error on a connection
 * ends only that connection.
 */
export function createHttpServer(
  handle: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>,
  { log, headersTimeout, keepAliveTimeout }: HttpServerOptions,
): Server {
  const logError = (message: string) => (error: unknown) =>
    log.error({ errors: [describeError(error)] }, message)
  const server = createServer({
    // The app itself rejects a request without a host, in the contract's format, and the metrics need none.
    requireHostHeader: false,
    headersTimeout,
    requestTimeout: 2 * headersTimeout,
    // Between requests, this replaces the timeout below.
    keepAliveTimeout: keepAliveTimeout * 1000,
    connectionsCheckingInterval: 1_000,
  })
  // Node drops further headers, and with them perhaps the address that a proxy has added.
  server.maxHeadersCount = TOO_MANY_HEADERS
  server.setTimeout(INACTIVITY_TIMEOUT)
  limitConnections(server)
  trackIdle(server)
  limitUnsent(server)
  const waiting = new WeakSet<IncomingMessage>()
  limitReceived(server, waiting)
  limitChunks(server, ({ socket }, outgoing) => refuse(socket, 413, log, outgoing))
  server.on("connection", closeInStages)
  const takeTurn = takeTurns()
  server.on("request", async (incoming, outgoing) => {
    outgoing.on("error", logError("response failed"))
    const earlier = waitForEarlierRequests(incoming, outgoing)
    if (earlier) await earlier
    if (incoming.rawHeaders.length >= 2 * TOO_MANY_HEADERS) {
      const { headers, body } = lastResponse(invalidRequest(431), 431, log)
      outgoing.writeHead(431, headers).end(body)
      return
    }
    try {
      const turn = takeTurn(incoming)
      if (turn) {
        waiting.add(incoming)
        await turn
        waiting.delete(incoming)
      }
      const wait = waitBeforeResponse(server)
      if (wait) await wait
      await handle(incoming, outgoing)
    } catch (error) {
      if (outgoing.headersSent) {
        logError("response failed")(error)
        outgoing.destroy()
      } else {
        const { headers, body } = lastResponse(failureOf(error), 500, log, error)
        outgoing.writeHead(500, headers).end(body)
      }
    }
  })
  // Emitted if a connection can't be accepted, for lack of file descriptors for example. The caller handles failures to
  // listen.
  server.once("listening", () => server.on("error", logError("accept failed")))
  // Unknown expectations may be ignored (RFC 9110, section 10.1.1).
  server.on("checkExpectation", (incoming, outgoing) => server.emit("request", incoming, outgoing))
  server.on("clientError", (error, socket) => refuse(socket as Socket, refusalStatus(error), log))
  server.on("connect", (_, socket) => refuse(socket as Socket, 400, log))
  return server
}

/**
 * Closes the connection after this response if the server is draining, or if the request's body has not arrived yet,
 * because the next request would come after it. Call this before the headers are written, and not synchronously in the
 * `request` event: Node knows only afterwards whether there is a body.
 */
export function decideKeepAlive(
  server: Server,
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
): void {
  if (!incoming.complete || isDraining(server)) outgoing.shouldKeepAlive = false
}
