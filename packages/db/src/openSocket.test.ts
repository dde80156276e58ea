import { once } from "node:events"
import { createServer } from "node:net"
import { TLSSocket } from "node:tls"
import { expect, test, vi } from "vitest"
import { createDatabase, ping } from "./index.ts"

test("over TLS the database is asked for by its name", async () => {
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

  await vi.waitFor(() => expect(names[0]).toBe("localhost"))
  await database.close()
  server.close()
})
