import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Metrics } from "./createMetrics.ts"

/** Milliseconds for a request to arrive. */
const REQUEST_TIMEOUT = 5_000

/** Serves `GET /metrics` and nothing else, on a port of its own, for those who watch and nobody else to reach. */
export async function serveMetrics(
  metrics: Metrics,
  { port, host }: { port: number; host: string },
): Promise<Server> {
  const server = createServer({ headersTimeout: REQUEST_TIMEOUT, requestTimeout: REQUEST_TIMEOUT })
  server.on("request", (incoming, outgoing) => void answer(metrics, incoming, outgoing))
  server.listen(port, host)
  await once(server, "listening")
  return server
}

async function answer(metrics: Metrics, { url, method }: IncomingMessage, outgoing: ServerResponse) {
  if (url?.split("?", 1)[0] !== "/metrics") {
    outgoing.writeHead(404).end()
  } else if (method !== "GET") {
    outgoing.writeHead(405, { Allow: "GET" }).end()
  } else {
    const { contentType, text } = await metrics.read()
    outgoing.writeHead(200, { "Content-Type": contentType, "Cache-Control": "no-store" }).end(text)
  }
}
