import { once } from "node:events"
import type { IncomingMessage, Server } from "node:http"
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server"
import { type App, failureOf } from "@latchkey/api"
import { createHttpServer, decideKeepAlive } from "./createHttpServer.ts"
import type { Log } from "./log.ts"
import { invalidRequest, lastAnswer } from "./refuse.ts"

export interface ListenOptions {
  port: number
  host: string
  /** Seconds that a connection may wait for its next request. */
  keepAliveTimeout: number
  log: Log
}

/** Milliseconds for a request's headers to arrive. */
const HEADERS_TIMEOUT = 10_000

/** Serves the app. */
export async function listen(app: App, { port, host, ...options }: ListenOptions): Promise<Server> {
  const listener = getRequestListener(
    async (request, env) => {
      const response = await app.fetch(request, env as HttpBindings)
      decideKeepAlive(server, env as HttpBindings)
      return response
    },
    { errorHandler: (error) => answerFor(error, options.log) },
  )
  const server = createHttpServer(
    async (incoming, outgoing) => {
      toOriginForm(incoming)
      forgetTwoHosts(incoming)
      await listener(incoming, outgoing)
    },
    { ...options, headersTimeout: HEADERS_TIMEOUT },
  )
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

/** For what never became a request that the app could see: a Host that is none, say. */
function answerFor(error: unknown, log: Log): Response {
  const isInvalid = error instanceof RequestError
  const status = isInvalid ? 400 : 500
  const { body, headers } = isInvalid
    ? lastAnswer(invalidRequest(400), status, log)
    : lastAnswer(failureOf(error), status, log, error)
  return new Response(body, { status, headers })
}
