import { once } from "node:events"
import { createServer, type IncomingMessage } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { text } from "node:stream/consumers"
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

test.each(["__proto__", "constructor"])("a header %s is a header like any other", async (name) => {
  const headers = await send(`${name}: 1`, "X-API-Key: key")
  expect(headers?.get(name)).toBe("1")
  expect(headers?.get("x-api-key")).toBe("key")
})

test("all values of a header that was sent twice are found", async () => {
  const headers = await send("Authorization: Bearer a", "authorization: Bearer b")
  expect(headers?.get("authorization")).toBe("Bearer a, Bearer b")
})

test.each(["", "a b", "é", "a:"])("a header with the name %j, which can't be one, hides no other", (name) => {
  const headers = readHeaders({ [name]: "1", "X-API-Key": "key" })
  expect([...headers]).toEqual([["x-api-key", "key"]])
})
