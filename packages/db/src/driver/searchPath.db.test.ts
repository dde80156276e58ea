import { once } from "node:events"
import { connect as connectSocket, createServer, type Socket } from "node:net"
import { connect, createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { newUser } from "../../test/openTestDatabase.ts"
import { createDatabase, createUser, findUserByEmail } from "../index.ts"

/** Protocol 3.0, in a startup message. */
const SESSION = 196_608

/** A startup message without one of its settings. */
function withoutSetting(message: Buffer, name: string): Buffer {
  if (message.readInt32BE(4) !== SESSION) return message
  const fields = message.subarray(8).toString("latin1").split("\0")
  const kept: string[] = []
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [key = "", value = ""] = fields.slice(index, index + 2)
    if (key !== name && key !== "") kept.push(`${key}\0${value}\0`)
  }
  const body = Buffer.from(`${kept.join("")}\0`, "latin1")
  const head = Buffer.alloc(8)
  head.writeInt32BE(head.length + body.length, 0)
  head.writeInt32BE(SESSION, 4)
  return Buffer.concat([head, body])
}

/** A pooler that passes on all settings but one. */
async function startDropping(name: string, target: string) {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const server = createServer(async (client) => {
    const upstream = connectSocket(Number(port), hostname)
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => {}))
    const [message]: Buffer[] = await once(client, "data")
    upstream.write(withoutSetting(message ?? Buffer.alloc(0), name))
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  const url = new URL(target)
  url.port = String(address.port)
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

test.each(["search_path", "statement_timeout"])("a pooler that drops only %s is noticed", async (setting) => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  await using pooler = await startDropping(setting, server.url)
  const admin = connect(server.url)
  const { db, migrate, close } = await createDatabase(pooler.url)
  await migrate()
  const users = Array.from({ length: 20 }, newUser)

  await Promise.all(users.map((user) => createUser(db, user)))

  for (const user of users) expect(await findUserByEmail(db, user)).not.toBeNull()
  expect(await admin`select from latchkey.sessions`).toHaveLength(20)
  await Promise.all([close(), admin.end()])
})

test("a search path in the URL does not lead queries to another product's tables", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const admin = connect(server.url)
  await admin.unsafe("create schema app; create table app.users (id int); create table app.owners (id int)")
  const { db, migrate, close } = await createDatabase(`${server.url}?options=-csearch_path%3Dapp,public`)
  await migrate()
  const user = newUser()

  expect(await createUser(db, user)).not.toBeNull()
  expect(await findUserByEmail(db, user)).not.toBeNull()

  await Promise.all([close(), admin.end()])
})
