import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { Duplex } from "node:stream"
import { getRequestListener, RequestError } from "@hono/node-server"
import { type Failure, failure, failureOf } from "@latchkey/api"
import type { App } from "./exchange.ts"
import { describeError, type Log } from "./log.ts"
import { restError, SAFE_HEADERS } from "./respond.ts"

export interface ListenOptions {
  port: number
  host: string
  log: Log
}

/** Milliseconds for a request's headers to arrive; the whole request gets twice that. */
const HEADERS_TIMEOUT = 10_000

/** Milliseconds that a connection may stay without anything moving on it. */
const IDLE_TIMEOUT = 30_000

/** Serves the app over HTTP/1.1, and closes connections of clients that are too slow. */
export async function listen(app: App, { port, host, log }: ListenOptions): Promise<Server> {
  const listener = getRequestListener(app.fetch, { errorHandler: (error) => answerFor(error, log) })
  const server = createServer({
    // The listener answers it in the contract's form.
    requireHostHeader: false,
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: 2 * HEADERS_TIMEOUT,
    keepAliveTimeout: IDLE_TIMEOUT,
    connectionsCheckingInterval: HEADERS_TIMEOUT / 10,
  })
  server.setTimeout(IDLE_TIMEOUT)
  server.on("request", (incoming, outgoing) => {
    toOriginForm(incoming)
    forgetTwoHosts(incoming)
    void listener(incoming, outgoing)
  })
  // An expectation that is not known may be ignored (RFC 9110, section 10.1.1).
  server.on("checkExpectation", (incoming, outgoing) => server.emit("request", incoming, outgoing))
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuse(socket, statusOf(error), log))
  server.on("connect", (_, socket) => refuse(socket, 400, log))
  server.listen(port, host)
  await once(server, "listening")
  return server
}

/** A target with scheme and host, as for a proxy, stands for its path (RFC 9112, section 3.2.2). */
function toOriginForm(incoming: IncomingMessage) {
  if (incoming.url?.startsWith("/") || !URL.canParse(incoming.url ?? "")) return
  const { pathname, search } = new URL(incoming.url ?? "")
  incoming.url = pathname + search
}

/** Of two hosts Node takes the first and a proxy perhaps the other, so neither counts (RFC 9112, section 3.2). */
function forgetTwoHosts({ headers, rawHeaders }: IncomingMessage) {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 4 && name.toLowerCase() === "host" && ++hosts === 2) headers.host = ""
  }
}

const REFUSALS = {
  400: "The request is not valid HTTP.",
  408: "The request took too long to arrive.",
  431: "The request's headers are too large.",
}

function statusOf(error: NodeJS.ErrnoException): keyof typeof REFUSALS {
  if (error.code === "HPE_HEADER_OVERFLOW") return 431
  return error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400
}

/** For what never became a request that the app could see: a Host that is none, say. */
function answerFor(error: unknown, log: Log): Response {
  if (error instanceof RequestError) return finalAnswer(failure("INVALID_INPUT", REFUSALS[400]), 400, log)
  return finalAnswer(failureOf(error), 500, log, error)
}

function finalAnswer(answer: Failure, status: number, log: Log, error?: unknown): Response {
  const requestId = randomUUID()
  const line = { requestId, status, ...(error !== undefined && { errors: [describeError(error)] }) }
  log[status >= 500 ? "error" : "info"](line, "refused")
  return Response.json(restError(answer, requestId), {
    status,
    headers: { ...SAFE_HEADERS, "X-Request-Id": requestId, "Cache-Control": "no-store", Connection: "close" },
  })
}

/** Answers what Node's parser refused, unless an answer to an earlier request is still to come on this connection. */
async function refuse(socket: Duplex & { _httpMessage?: unknown }, status: keyof typeof REFUSALS, log: Log) {
  if (!socket.writable || (status !== 408 && socket._httpMessage)) {
    socket.destroy()
    return
  }
  const response = finalAnswer(failure("INVALID_INPUT", REFUSALS[status]), status, log)
  const body = await response.text()
  const headers = [...response.headers, ["Content-Length", Buffer.byteLength(body)]]
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")
  socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`)
}
