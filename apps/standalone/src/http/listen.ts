import { once } from "node:events"
import type { IncomingMessage, Server } from "node:http"
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server"
import { type App, failureOf } from "@latchkey/api"
import type { Log } from "../log.ts"
import { createHttpServer, decideKeepAlive } from "./createHttpServer.ts"
import { invalidRequest, lastResponse } from "./refuse.ts"

export interface ListenOptions {
  port: number
  host: string
  /** Seconds that an idle connection stays open for its next request. */
  keepAliveTimeout: number
  log: Log
}

/** Milliseconds in which a request's headers must arrive. */
const HEADERS_TIMEOUT = 10_000

/** Serves the app over HTTP. Resolves when the server is listening. */
export async function listen(
  app: Pick<App, "fetch">,
  { port, host, ...options }: ListenOptions,
): Promise<Server> {
  const listener = getRequestListener(
    async (request, env) => {
      const response = await app.fetch(request, env as HttpBindings)
      decideKeepAlive(server, env as HttpBindings)
      return response
    },
    { errorHandler: (error) => respondToError(error, options.log) },
  )
  const server = createHttpServer(
    async (incoming, outgoing) => {
      toOriginForm(incoming)
      clearDuplicateHost(incoming)
      addMissingHost(incoming)
      await listener(incoming, outgoing)
    },
    { ...options, headersTimeout: HEADERS_TIMEOUT },
  )
  server.listen(port, host)
  await once(server, "listening")
  return server
}

/** Reduces a target with scheme and host, as sent to proxies, to its path and query (RFC 9112, section 3.2.2). */
function toOriginForm(incoming: IncomingMessage) {
  if (incoming.url?.startsWith("/") || !URL.canParse(incoming.url ?? "")) return
  const { pathname, search } = new URL(incoming.url ?? "")
  incoming.url = pathname + search
}

/**
 * Clears the host of a request with two `Host` headers, so that the app rejects it (RFC 9112, section 3.2). Node takes the
 * first, and a proxy may take the second.
 */
function clearDuplicateHost({ headers, rawHeaders }: IncomingMessage) {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 4 && name.toLowerCase() === "host" && ++hosts === 2) headers.host = ""
  }
}

/**
 * Adds a host to a request in HTTP/1.0 without one, which is valid (RFC 9112, section 3.2). Some load balancers check the
 * health like this, HAProxy by default. It is no page's host, because the app compares an origin with the raw headers.
 */
function addMissingHost({ headers, httpVersion }: IncomingMessage) {
  if (httpVersion === "1.0") headers.host ??= "localhost"
}

/** For requests that never reach the app, such as one with an invalid host. */
function respondToError(error: unknown, log: Log): Response {
  const isInvalid = error instanceof RequestError
  const status = isInvalid ? 400 : 500
  const { body, headers } = isInvalid
    ? lastResponse(invalidRequest(400), status, log)
    : lastResponse(failureOf(error), status, log, error)
  return new Response(body, { status, headers })
}
