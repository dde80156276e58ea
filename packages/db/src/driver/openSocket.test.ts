import { once } from "node:events"
import { createServer, type Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { eventually } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { createDatabase, DatabaseUnavailable, ping } from "../index.ts"

test("sends the name of the host in the TLS handshake", async () => {
  const names: string[] = []
  const server = createServer((client) => {
    client.once("data", () => {
      client.write("S")
      const SNICallback = (name: string, done: (error: Error) => void) => {
        names.push(name)
        done(new Error("there is no certificate"))
      }
      new TLSSocket(
        client.on("error", () => {}),
        { isServer: true, SNICallback },
      ).on("error", () => {})
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  const database = await createDatabase(`postgres://x@localhost:${address.port}/x?sslmode=verify-full`)

  await expect(ping(database.db)).rejects.toThrow("could not answer")

  await eventually(() => expect(names[0]).toBe("localhost"))
  await database.close()
  server.close()
})

test("gives up a TLS handshake that does not complete", async () => {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    sockets.push(client.on("error", () => {}))
    client.once("data", () => client.write("S"))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  const database = await createDatabase(`postgres://x@127.0.0.1:${address.port}/x?sslmode=require`)

  await expect(ping(database.db)).rejects.toThrow(DatabaseUnavailable)

  await eventually(() => expect(database.usage().inUse).toBe(0))
  await database.close()
  for (const socket of sockets) socket.destroy()
  server.close()
})
