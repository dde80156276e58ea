import { once } from "node:events"
import type { IncomingMessage, Server } from "node:http"
import { createHttpServer, decideKeepAlive } from "../http/createHttpServer.ts"
import type { ListenOptions } from "../http/listen.ts"
import type { MetricsPage } from "./createMetrics.ts"

/** Milliseconds in which a request's headers must arrive. */
const HEADERS_TIMEOUT = 2_500

/** Serves only `GET /metrics`, on its own port, so that access to it can be restricted to monitoring. */
export async function serveMetrics(
  read: () => Promise<MetricsPage>,
  { port, host, ...options }: ListenOptions,
): Promise<Server> {
  const server = createHttpServer(
    async (incoming, outgoing) => {
      const { status, headers, text } = await respond(read, incoming)
      decideKeepAlive(server, { incoming, outgoing })
      outgoing.writeHead(status, headers).end(text)
    },
    { ...options, headersTimeout: HEADERS_TIMEOUT },
  )
  server.listen(port, host)
  await once(server, "listening")
  return server
}

async function respond(read: () => Promise<MetricsPage>, { url, method }: IncomingMessage) {
  if (url?.split("?", 1)[0] !== "/metrics") return { status: 404 }
  if (method !== "GET") return { status: 405, headers: { Allow: "GET" } }
  const { contentType, text } = await read()
  return { status: 200, headers: { "Content-Type": contentType, "Cache-Control": "no-store" }, text }
}
