import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"

/** What a broken server may send in response to an HTTP request. */
const BROKEN: Readonly<Record<string, string>> = {
  nothing: "",
  "another protocol": "220 mail.company.tld ESMTP\r\n",
  "a switch of protocols": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
  "only interim responses": "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n".repeat(100),
  "half a status": "HTTP/1.1 20",
  "half a header": "HTTP/1.1 200 OK\r\nContent-Le",
  "a huge header": `HTTP/1.1 200 OK\r\nX: ${"a".repeat(100_000)}\r\n\r\n`,
  "half a body": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[",
  "a chunk without a length": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[",
  "half a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n[",
  "many codings": `HTTP/1.1 200 OK\r\nContent-Encoding: ${Array(6).fill("gzip")}\r\nContent-Length: 100\r\n\r\n[`,
  "a coding that it does not use": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]",
}

const ENDINGS = ["ends", "resets", "keeps"] as const

/** All the ways in which `startBrokenServer` responds, with what it then does to the connection. */
export const brokenResponses = Object.keys(BROKEN).flatMap((name) =>
  ENDINGS.map((ending) => [name, ending] as const),
)

/** Starts a server on this machine that responds to each request in one of these ways. */
export async function startBrokenServer([name, ending]: (typeof brokenResponses)[number]) {
  const server = createServer((socket) => {
    socket.on("error", () => {})
    socket.once("data", () => {
      socket.write(BROKEN[name] ?? "", () => {
        if (ending === "ends") socket.end()
        // Once the client has read it.
        if (ending === "resets") setImmediate(() => socket.resetAndDestroy())
      })
    })
    sockets.add(socket)
  })
  const sockets = new Set<{ destroy(): void }>()
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
