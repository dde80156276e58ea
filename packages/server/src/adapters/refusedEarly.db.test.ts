import { once } from "node:events"
import { type AddressInfo, connect } from "node:net"
import { gate } from "@latchkey/test-postgres"
import { fastify } from "fastify"
import { expect, inject, onTestFinished, test } from "vitest"
import { startLatchkey } from "../../test/startLatchkey.ts"
import { guard } from "./fastify.ts"

/** Fastify runs hooks such as those that store a session before it sends a response. */
test("fastify: no handler runs for a refused client that disconnects while a hook `onSend` runs", async () => {
  await using started = await startLatchkey(inject("postgresUrl"))
  const sending = gate()
  const released = gate()
  const closed = gate()
  const app = fastify()
  onTestFinished(() => app.close())
  const calls: string[] = []
  app.addHook("onSend", async () => {
    sending.open()
    await released.opened
  })
  app.addHook("onRequest", async (_, reply) => void reply.raw.once("close", closed.open))
  app.addHook("preHandler", guard(started.latchkey))
  app.addHook("preHandler", async () => void calls.push("next hook"))
  app.post("/", async () => void calls.push("handler"))
  await app.listen({ port: 0, host: "127.0.0.1" })
  const { port } = app.server.address() as AddressInfo

  const client = connect(port, "127.0.0.1")
  await once(client, "connect")
  client.write("POST / HTTP/1.1\r\nHost: product\r\nContent-Length: 0\r\n\r\n")
  await sending.opened
  client.destroy()
  await closed.opened
  released.open()

  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST" })
  expect(response.status).toBe(401)
  expect(calls).toEqual([])
})
