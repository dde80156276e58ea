import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { Duplex } from "node:stream"
import { getRequestListener } from "@hono/node-server"
import { failure } from "@latchkey/api"
import type { App } from "./exchange.ts"
import { restError } from "./respond.ts"

export interface ListenOptions {
  port: number
  host: string
  /** Milliseconds for a request's headers to arrive; the whole request gets twice that. */
  headersTimeout?: number
  /** Milliseconds that a connection may stay without anything moving on it. */
  idleTimeout?: number
}

/** Serves the app over HTTP/1.1, and closes connections of clients that are too slow. */
export async function listen(
  app: App,
  { port, host, headersTimeout = 10_000, idleTimeout = 30_000 }: ListenOptions,
): Promise<Server> {
  const server = createServer(
    {
      // The listener below answers it in the contract's form.
      requireHostHeader: false,
      headersTimeout,
      requestTimeout: 2 * headersTimeout,
      keepAliveTimeout: idleTimeout,
      connectionsCheckingInterval: headersTimeout / 10,
    },
    getRequestListener(app.fetch, {
      // What could not even be made a request of, such as one with a Host that is none.
      errorHandler: () => refusal(400),
    }),
  )
  server.setTimeout(idleTimeout)
  server.on("clientError", refuse)
  server.listen(port, host)
  await once(server, "listening")
  return server
}

const REFUSALS = {
  400: "The request is not valid HTTP.",
  408: "The request took too long to arrive.",
  431: "The request's headers are too large.",
}

function refusal(status: keyof typeof REFUSALS): Response {
  const requestId = randomUUID()
  const body = restError(failure("INVALID_INPUT", REFUSALS[status]), requestId)
  return Response.json(body, { status, headers: { "X-Request-Id": requestId, Connection: "close" } })
}

/** Answers what Node's parser refused, which never reaches the app. */
async function refuse(error: NodeJS.ErrnoException, socket: Duplex) {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400
  const response = refusal(status)
  const body = await response.text()
  const headers = [...response.headers, ["Content-Length", Buffer.byteLength(body)]]
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")
  socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`)
}
