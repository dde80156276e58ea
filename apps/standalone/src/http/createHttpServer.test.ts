import { once } from "node:events"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Writable } from "node:stream"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import pino from "pino"
import { expect, onTestFinished, test } from "vitest"
import { openConnection } from "../../test/abuse/rawConnection.ts"
import { request } from "../../test/abuse/request.ts"
import { createHttpServer } from "./createHttpServer.ts"

async function serve(handle: (outgoing: ServerResponse) => Promise<void>) {
  const log: { msg: string; status?: number }[] = []
  const sink = new Writable({
    write(line, _, done) {
      log.push(JSON.parse(String(line)))
      done()
    },
  })
  const server = createHttpServer((_, outgoing) => handle(outgoing), {
    log: pino(sink),
    headersTimeout: 10_000,
    keepAliveTimeout: 60,
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const open = () => openConnection(`http://127.0.0.1:${port}`)
  const send = async () => {
    using connection = open()
    connection.write(request("GET /"))
    return await connection.read()
  }
  return { server, log, open, send }
}

test("a handler that throws gives a 500 in the contract's format", async () => {
  const { send, log } = await serve(async () => {
    throw new TypeError("broken")
  })
  expect(await send()).toMatchObject({ status: 500, body: expect.stringContaining('"reason":"INTERNAL"') })
  expect(log).toMatchObject([{ msg: "refused", status: 500 }])
})

test("a handler that throws after the headers closes the connection, and the next request is served", async () => {
  let requests = 0
  const { send, log } = await serve(async (outgoing) => {
    outgoing.writeHead(200, { "Content-Length": 2 })
    if (++requests > 1) outgoing.end("ok")
    else {
      outgoing.flushHeaders()
      throw new TypeError("broken")
    }
  })
  expect(await send()).toBeNull()
  expect(log).toMatchObject([{ msg: "response failed" }])
  expect(await send()).toMatchObject({ status: 200, body: "ok" })
})

test("a connection that can't be accepted is logged, and the next one is served", async () => {
  const { server, send, log } = await serve(async (outgoing) => void outgoing.end("ok"))
  server.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE", syscall: "accept" }))
  expect(log).toMatchObject([{ msg: "accept failed", errors: [{ code: "EMFILE" }] }])
  expect(await send()).toMatchObject({ status: 200 })
})

const SENT_AHEAD = request("GET /", ["Connection: keep-alive"])

test("each pipelined request begins when the one before it has been answered", async () => {
  const begun: ServerResponse[] = []
  const { open } = await serve(async (outgoing) => void begun.push(outgoing))
  using connection = open()
  connection.write(Buffer.concat(Array(20).fill(SENT_AHEAD)))
  for (let answered = 0; answered < 20; answered++) {
    await expect.poll(() => begun.length).toBeGreaterThan(answered)
    expect(begun).toHaveLength(answered + 1)
    begun[answered]?.end(`${answered}`)
    expect(await connection.read()).toMatchObject({ body: `${answered}` })
  }
})

test("a pipelined request does not begin if an earlier response closes the connection", async () => {
  let begun = 0
  const { open } = await serve(async (outgoing) => {
    begun++
    outgoing.writeHead(200, { Connection: "close" }).end("last")
  })
  using connection = open()
  connection.write(Buffer.concat(Array(5).fill(SENT_AHEAD)))
  expect(await connection.read()).toMatchObject({ body: "last" })
  connection.end()
  await connection.closed()
  expect(begun).toBe(1)
})

test("a client that pipelines thousands of requests is cut off before they fill the memory", async () => {
  let begun = 0
  const { server, open } = await serve(async () => void begun++)
  let parsed = 0
  server.on("request", () => parsed++)
  using connection = open()
  connection.write(Buffer.concat(Array(1_000).fill(SENT_AHEAD)))
  await connection.closed()
  expect(begun).toBe(1)
  expect(parsed).toBeLessThan(50)
})

const countConnections = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))

const isRemembered = (reference: WeakRef<object>) => reference.deref() !== undefined

function newGarbageCollector(): () => void {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc")
  setFlagsFromString("--no-expose-gc")
  return collect
}

test("pipelined requests are forgotten when their connection ends before they are served", async () => {
  const collectGarbage = newGarbageCollector()
  const { server, open } = await serve((outgoing) => once(outgoing, "close").then(() => {}))
  const responses: WeakRef<ServerResponse>[] = []
  server.on("request", (_, outgoing) => void responses.push(new WeakRef(outgoing)))
  {
    using connection = open()
    connection.write(Buffer.concat(Array(10).fill(request("GET /", ["Connection: keep-alive"]))))
    await expect.poll(() => responses.length).toBe(10)
  }
  await expect
    .poll(() => {
      collectGarbage()
      return responses.filter(isRemembered).length
    })
    .toBe(0)
})

test("requests are forgotten when they are answered, although their connection stays open", async () => {
  const collectGarbage = newGarbageCollector()
  const { server, open } = await serve(async (outgoing) => void outgoing.end("ok"))
  const requests: WeakRef<IncomingMessage>[] = []
  server.on("request", (incoming) => void requests.push(new WeakRef(incoming)))
  const connections = Array.from({ length: 3 }, open)
  for (const [n, connection] of connections.entries()) {
    for (let sent = 0; sent <= n; sent++) {
      connection.write(request("GET /", ["Connection: keep-alive"]))
      expect(await connection.read()).toMatchObject({ body: "ok" })
    }
  }
  await expect
    .poll(() => {
      collectGarbage()
      return requests.map(isRemembered)
    })
    .toEqual(Array(6).fill(false))
  expect(await countConnections(server)).toBe(3)
  for (const connection of connections) connection[Symbol.dispose]()
})

test("a request with thousands of headers is refused without holding them", async () => {
  const { server, open } = await serve(async (outgoing) => void outgoing.end("ok"))
  const held: number[] = []
  server.on("request", ({ rawHeaders }) => void held.push(rawHeaders.length))
  using connection = open()
  connection.write(request("GET /", Array(3_500).fill("a:")))
  expect(await connection.read()).toMatchObject({ status: 431 })
  await connection.closed()
  // Newer versions of Node refuse it themselves.
  expect(Math.max(0, ...held)).toBeLessThan(1_000)
})
