import { once } from "node:events"
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from "node:http"
import type { AddressInfo } from "node:net"
import { latchkeyHandler } from "../src/adapters/node.ts"
import { createTestLatchkey } from "../src/testing.ts"
import { type ProxyKind, startProxy } from "./startProxy.ts"

/** The requests that a server has received. */
interface Received {
  method: string
  headers: IncomingHttpHeaders
  bodyBytes: number
}

/** A server on a free loopback port that records the requests that it receives. */
async function startServer(listener: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const noted = { method: request.method ?? "", headers: request.headers, bodyBytes: 0 }
    received.push(noted)
    const { push } = request
    // Not a `data` listener, which would take the body from the server.
    request.push = (chunk, encoding) => {
      if (chunk) noted.bodyBytes += chunk.length
      return push.call(request, chunk, encoding)
    }
    listener(request, response)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

/** The variables that CGI creates from headers (RFC 3875, section 4.1.18). Names that become equal are one variable. */
function cgiVariables({ rawHeaders }: IncomingMessage) {
  const variables: Record<string, string[]> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = `HTTP_${rawHeaders[index]?.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`
    variables[name] = [...(variables[name] ?? []), rawHeaders[index + 1] ?? ""]
  }
  return variables
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** Sends a request with exactly these headers, which `fetch` would join. */
export async function send(
  url: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: OutgoingHttpHeaders; body?: Buffer },
): Promise<Answer> {
  const outgoing = request(url, { method, headers, agent: false })
  outgoing.end(body)
  const [response] = (await once(outgoing, "response")) as [IncomingMessage]
  const chunks = await response.toArray()
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString(),
  }
}

/**
 * Starts a Latchkey in memory, a product that knows its callers only by the headers and answers with the CGI
 * variables created from them, and a reverse proxy in front of both.
 */
export async function startBehindProxy(kind: ProxyKind) {
  const latchkey = createTestLatchkey({ passwords: "on", scopes: ["reports:read", "reports:write"] })
  const serve = latchkeyHandler(latchkey)
  const state: {
    /** Answers instead of Latchkey, if set. */
    answer: ((response: ServerResponse) => void) | null
    /** Whether the product closes connections instead of answering. */
    broken: boolean
  } = { answer: null, broken: false }
  const guardian = await startServer((request, response) =>
    state.answer ? state.answer(response) : serve(request, response),
  )
  const product = await startServer(async (request, response) => {
    await request.toArray()
    if (state.broken) return response.destroy()
    return response.end(JSON.stringify(cgiVariables(request)))
  })
  const { basePath } = latchkey
  const proxy = await startProxy(kind, { latchkey: guardian.address, basePath, product: product.address })
  return {
    latchkey,
    url: proxy.url,
    readLog: proxy.readLog,
    state,
    guardian,
    product,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await Promise.all([guardian.close(), product.close()])
      await latchkey.close()
    },
  }
}
