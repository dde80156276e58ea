import { once } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import { connect, type Socket } from "node:net"
import { buffer } from "node:stream/consumers"
import { setImmediate as nextTurn } from "node:timers/promises"
import { expect, onTestFinished, test } from "vitest"
import { serveHttp } from "../../test/http/serveHttp.ts"

/** A server that answers complete requests, and connections to it. */
async function serve() {
  let answered = 0
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    await buffer(incoming)
    if (incoming.url === "/busy") for (const until = performance.now() + 10; performance.now() < until; );
    if (incoming.url === "/slow") await once(incoming.socket, "close")
    if (incoming.url === "/ahead") {
      answered++
      while (incoming.socket.bytesRead < (answered + 2) * AHEAD.length) await nextTurn()
    }
    outgoing.end("ok")
  }
  const timeouts = { headersTimeout: 600_000, keepAliveTimeout: 600 }
  const { port, countConnections } = await serveHttp(answer, timeouts)

  async function send(localAddress: string, text: string): Promise<Socket> {
    const socket = connect({ port, host: "127.0.0.1", localAddress })
    onTestFinished(() => void socket.destroy())
    socket.on("error", () => {})
    await once(socket, "connect")
    socket.write(text)
    return socket
  }
  return { send, countConnections }
}

const HEADERS = `Host: x\r\n${`a: ${"x".repeat(70)}\r\n`.repeat(190)}`

/** Not answered before the next two have arrived. */
const AHEAD = `GET /ahead HTTP/1.1\r\n${HEADERS}\r\n`

test.each([
  ["headers", `GET / HTTP/1.1\r\n${HEADERS}`],
  ["bodies", `POST / HTTP/1.1\r\nContent-Length: 2\r\n${HEADERS}\r\n1`],
])(
  "clients that never complete their %s can't fill the memory, and don't end the requests of others",
  async (what, part) => {
    const { send, countConnections } = await serve()
    const other = await send("127.0.0.2", part)
    const fast = await send("127.0.0.1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await once(fast, "data")
    for (let sent = 0; sent < 900; sent++) await send("127.0.0.1", part)
    await expect.poll(countConnections, { timeout: 60_000 }).toBeLessThan(700)
    other.write(what === "headers" ? "\r\n" : "2")
    const [reply] = await once(other, "data")
    expect(String(reply)).toContain("200 OK")
    // One that waits for its next request holds nothing.
    fast.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    const [next] = await once(fast, "data")
    expect(String(next)).toContain("200 OK")
  },
)

test("clients that only begin thousands of requests can't fill the memory", async () => {
  const { send, countConnections } = await serve()
  // Large enough that the limit is reached with fewer connections than a process may open files.
  const begun = `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\na: ${"x".repeat(1_600)}\r\n\r\n`
  const other = await send("127.0.0.2", begun)
  for (let sent = 0; sent < 1_600; sent++) await send("127.0.0.1", begun)
  await expect.poll(countConnections, { timeout: 60_000 }).toBeLessThan(1_550)
  other.write("0\r\n\r\n")
  const [reply] = await once(other, "data")
  expect(String(reply)).toContain("200 OK")
})

test("requests that wait for their turn can't fill the memory", async () => {
  const { send } = await serve()
  const clients: Socket[] = []
  for (let sent = 0; sent < 1_000; sent++) clients.push(await send("127.0.0.1", ""))
  const outcomes = clients.map((client) => once(client, "data").catch(() => []))
  for (const client of clients) {
    client.once("close", () => client.emit("data", ""))
    client.write(`GET /busy HTTP/1.1\r\n${HEADERS}\r\n`)
  }
  const answers = (await Promise.all(outcomes)).filter(([data]) => String(data).includes("200 OK"))
  expect(answers.length).toBeGreaterThan(400)
  expect(answers.length).toBeLessThan(900)
})

test("clients that pipeline requests behind a slow one can't fill the memory", async () => {
  const { send, countConnections } = await serve()
  const sentAhead = `GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${`GET / HTTP/1.1\r\n${HEADERS}\r\n`.repeat(15)}`
  for (let sent = 0; sent < 100; sent++) (await send("127.0.0.1", sentAhead)).pause()
  await expect.poll(countConnections, { timeout: 60_000 }).toBeLessThan(60)
})

test("a client that pipelines without a pause, and reads all responses, keeps its connection", async () => {
  const { send } = await serve()
  const client = await send("127.0.0.1", AHEAD.repeat(5))
  const ended = once(client, "close").then(() => "ended")
  // A few checks take place, and more bytes arrive than requests may hold.
  const until = performance.now() + 2_500
  for (let answered = 0; performance.now() < until || answered < 1_000; ) {
    const received = await Promise.race([once(client, "data").then(String), ended])
    expect(received).not.toBe("ended")
    const answers = received.split("HTTP/1.1 200 OK").length - 1
    answered += answers
    client.write(AHEAD.repeat(answers))
  }
})
