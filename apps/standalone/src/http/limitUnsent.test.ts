import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { connect, type Socket } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { serveHttp } from "../../test/http/serveHttp.ts"

const LARGE = Buffer.alloc(20_000_000)

/** A server with large responses, all of one buffer, so that only the accounts fill. */
async function serve(answer: (outgoing: ServerResponse) => void) {
  const { port, countConnections } = await serveHttp(async (_, outgoing) => answer(outgoing))

  /** Requests a response and reads nothing of it. */
  async function request(localAddress: string): Promise<Socket> {
    const socket = connect({ port, host: "127.0.0.1", localAddress })
    onTestFinished(() => void socket.destroy())
    socket.on("error", () => {})
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    await once(socket, "readable")
    return socket
  }
  return { request, countConnections }
}

/** The bytes that still arrive. */
async function readAll(socket: Socket): Promise<number> {
  let received = 0
  socket.on("data", ({ length }) => {
    received += length
  })
  await once(socket, "close")
  return received
}

const buffered = (outgoing: ServerResponse) => {
  outgoing.writeHead(200, { "Content-Length": LARGE.length }).end(LARGE)
}

test("clients that read nothing can't fill the memory, and don't end the responses of others", async () => {
  const { request, countConnections } = await serve(buffered)
  const other = await request("127.0.0.2")
  let latest = other
  for (let sent = 0; sent < 20; sent++) latest = await request("127.0.0.1")
  await expect.poll(countConnections, { timeout: 30_000 }).toBeLessThan(8)
  expect(await readAll(other)).toBeGreaterThan(LARGE.length)
  expect(await readAll(latest)).toBeGreaterThan(LARGE.length)
})

test("streamed responses that nobody reads are ended too, as they hold what they have not sent", async () => {
  const { request, countConnections } = await serve((outgoing) => {
    outgoing.write(LARGE.subarray(0, 3_000_000))
    outgoing.write(LARGE.subarray(0, 3_000_000))
  })
  for (let sent = 0; sent < 60; sent++) await request("127.0.0.1")
  await expect.poll(countConnections, { timeout: 30_000 }).toBeLessThan(40)
})
