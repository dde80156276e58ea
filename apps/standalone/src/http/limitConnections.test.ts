import { once } from "node:events"
import { createServer } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { limitConnections } from "./limitConnections.ts"

/** A server that keeps 4 connections open. */
async function serve() {
  const server = createServer((_, response) => void response.end("ok"))
  limitConnections(server, 4)
  server.listen(0)
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const countConnections = () =>
    new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
  async function open(localAddress: string) {
    const socket = connect({ port, host: "127.0.0.1", localAddress })
    const accepted = once(server, "connection")
    await Promise.all([once(socket, "connect"), accepted])
    socket.on("error", () => {})
    return {
      socket,
      closed: once(socket, "close"),
      async ask() {
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return String((await once(socket, "data"))[0]).split("\r\n")[0]
      },
    }
  }
  return { open, countConnections }
}

test("beyond the limit, the network with the most connections loses its oldest ones", async () => {
  const { open } = await serve()
  const other = await open("127.0.0.2")
  const many = []
  for (let opened = 0; opened < 6; opened++) many.push(await open("127.0.0.1"))

  await Promise.all(many.slice(0, 3).map(({ closed }) => closed))
  for (const { ask } of [other, ...many.slice(3)]) expect(await ask()).toBe("HTTP/1.1 200 OK")
})

test("connections that have ended don't count", async () => {
  const { open, countConnections } = await serve()
  const first = await open("127.0.0.1")
  for (let opened = 0; opened < 20; opened++) {
    const one = await open("127.0.0.1")
    if (opened % 2 === 0) one.socket.destroy()
    else one.socket.resetAndDestroy()
    await expect.poll(countConnections).toBe(1)
  }
  expect(await first.ask()).toBe("HTTP/1.1 200 OK")
})
