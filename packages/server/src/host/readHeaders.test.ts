import { execFile } from "node:child_process"
import { once } from "node:events"
import { createServer, IncomingMessage } from "node:http"
import { createServer as createHttp2Server } from "node:http2"
import { type AddressInfo, connect, Socket } from "node:net"
import { text } from "node:stream/consumers"
import { promisify } from "node:util"
import { fastify } from "fastify"
import { expect, onTestFinished, test } from "vitest"
import { headersOf, readHeaders } from "./readHeaders.ts"

/** As in Node 20.19: it looks the names up in an object with a prototype. */
function throwLikeOlderNode(request: IncomingMessage) {
  Object.defineProperty(request, "headersDistinct", {
    get() {
      const found: Record<string, string[]> = {}
      for (let index = 0; index < request.rawHeaders.length; index += 2) {
        const name = request.rawHeaders[index]?.toLowerCase() ?? ""
        if (found[name]) found[name].push(request.rawHeaders[index + 1] ?? "")
        else found[name] = [request.rawHeaders[index + 1] ?? ""]
      }
      return found
    },
  })
}

async function send(...lines: string[]) {
  const received: Headers[] = []
  const server = createServer((request, response) => {
    throwLikeOlderNode(request)
    received.push(headersOf(request))
    response.end()
  })
  onTestFinished(() => void server.close())
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1")
  socket.write([...["GET / HTTP/1.1", "Host: x", "Connection: close"], ...lines, "", ""].join("\r\n"))
  await text(socket)
  return received[0]
}

test.each(["__proto__", "constructor"])("a header %s hides no other", async (name) => {
  const headers = await send(`${name}: 1`, "X-API-Key: key")
  expect(headers?.get("x-api-key")).toBe("key")
})

test("all values of a header that was sent twice are found", async () => {
  const headers = await send("Authorization: Bearer a", "authorization: Bearer b")
  expect(headers?.get("authorization")).toBe("Bearer a, Bearer b")
})

test("over HTTP/2 too, all values of a header that was sent twice are found, and the host", async () => {
  const received: Headers[] = []
  const server = createHttp2Server((request, response) => {
    received.push(headersOf(request))
    response.end()
  }).listen(0, "127.0.0.1")
  onTestFinished(() => void server.close())
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  // Node's own client refuses to send these.
  const twice = ["-H", "Authorization: Bearer a", "-H", "Authorization: Bearer b"]
  const cookies = ["-H", "Cookie: a=1", "-H", "Cookie: b=2"]
  const url = `http://127.0.0.1:${port}`
  await promisify(execFile)("curl", ["-sS", "--http2-prior-knowledge", ...twice, ...cookies, url])
  const [headers] = received
  expect(headers?.get("authorization")).toBe("Bearer a, Bearer b")
  expect(headers?.get("cookie")).toBe("a=1; b=2")
  expect(headers?.get("host")).toBe(`127.0.0.1:${port}`)
})

test("a Fastify request has all values too", async () => {
  const app = fastify()
  app.get("/", async (request) => [...headersOf(request)])
  const lines = ["Host: x", "Connection: close", "X-API-Key: a", "X-API-Key: b", "Authorization: Bearer a"]
  onTestFinished(() => app.close())
  await app.listen({ port: 0, host: "127.0.0.1" })
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1")
  socket.write(["GET / HTTP/1.1", ...lines, "Authorization: Bearer b", "", ""].join("\r\n"))
  const answer = await text(socket)
  expect(answer).toContain('["authorization","Bearer a, Bearer b"]')
  expect(answer).toContain('["x-api-key","a, b"]')
})

test("a request that has only parsed headers, as on serverless platforms, is read from these", () => {
  const request = Object.assign(new IncomingMessage(new Socket()), { headers: { "x-api-key": "key" } })
  expect([...headersOf(request)]).toEqual([["x-api-key", "key"]])
})

test.each(["", "a b", "é", "a:"])("a header with the name %j, which can't be one, hides no other", (name) => {
  const headers = readHeaders({ [name]: "1", "X-API-Key": "key" })
  expect([...headers]).toEqual([["x-api-key", "key"]])
})
