import { once } from "node:events"
import { type AddressInfo, connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import pino from "pino"
import { expect, onTestFinished, test } from "vitest"
import { createHttpServer, decideKeepAlive } from "./createHttpServer.ts"
import { drain } from "./drain.ts"

/** More bytes than the kernel buffers for a connection. */
const LARGE = 12_000_000

/** A server with large responses, and a connection to it. */
async function open() {
  const server = createHttpServer(
    async (incoming, outgoing) => {
      await null
      decideKeepAlive(server, { incoming, outgoing })
      outgoing.writeHead(200, { "Content-Length": LARGE }).end(Buffer.alloc(LARGE))
    },
    { log: pino({ level: "silent" }), headersTimeout: 10_000, keepAliveTimeout: 60 },
  )
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1")
  onTestFinished(() => void socket.destroy())
  let received = 0
  return {
    server,
    socket,
    /** Reads until the connection ends, and returns the number of bytes. */
    async readAll() {
      socket.on("data", ({ length }) => {
        received += length
      })
      await once(socket, "end")
      return received
    },
  }
}

/** Nothing must happen in this time, so there is no event to wait for. */
const afterSeveralSweeps = () => sleep(200)

const REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

test("a response that is being sent when the server closes arrives completely", async () => {
  const { server, socket, readAll } = await open()
  socket.write(REQUEST)
  await once(socket, "readable")
  const drained = drain(server)
  await afterSeveralSweeps()
  expect(await readAll()).toBeGreaterThan(LARGE)
  await drained
})

test("the responses to pipelined requests arrive completely too", async () => {
  const { server, socket, readAll } = await open()
  socket.write(REQUEST + REQUEST)
  await once(socket, "readable")
  const drained = drain(server)
  await afterSeveralSweeps()
  expect(await readAll()).toBeGreaterThan(2 * LARGE)
  await drained
})
