import { once } from "node:events"
import type { AddressInfo } from "node:net"
import pino from "pino"
import { onTestFinished } from "vitest"
import { createHttpServer, type HttpServerOptions } from "../../src/http/createHttpServer.ts"

/** Serves HTTP in this process until the test ends. */
export async function serveHttp(
  handle: Parameters<typeof createHttpServer>[0],
  timeouts: Partial<Omit<HttpServerOptions, "log">> = {},
) {
  const server = createHttpServer(handle, {
    log: pino({ level: "silent" }),
    headersTimeout: 10_000,
    keepAliveTimeout: 60,
    ...timeouts,
  })
  server.listen(0)
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    port: (server.address() as AddressInfo).port,
    countConnections: () =>
      new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count))),
  }
}
