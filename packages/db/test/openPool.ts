import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { connect as connectDirectly, type Sql } from "@latchkey/test-postgres"
import { inject } from "vitest"
import { createDatabase } from "../src/index.ts"
import { createMigratedDatabase } from "./openTestDatabase.ts"

/** Opens a migrated database, with a direct connection beside the pool. */
export async function openDatabase(options?: Parameters<typeof createDatabase>[1]) {
  const server = await createMigratedDatabase(inject("postgresUrl"))
  const database = await createDatabase(server.url, options)
  const direct = connectDirectly(server.url)
  return {
    ...database,
    url: server.url,
    direct,
    async [Symbol.asyncDispose]() {
      await Promise.all([database.close(), direct.end()])
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Opens a proxy to a database. Its mode decides what happens to new connections. */
export async function openProxy(target: string) {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let mode: "pass" | "close" | "hold" = "pass"
  let held: (() => void)[] = []
  const pairs = new Set<{ client: Socket; upstream: Socket }>()
  const accepted = { count: 0 }
  const proxy = createServer((client) => {
    accepted.count++
    sockets.add(client.on("error", () => {}))
    const pass = () => {
      const upstream = connect(Number(port), hostname).on("error", () => client.destroy())
      client.pipe(upstream).pipe(client)
      const pair = { client, upstream }
      pairs.add(pair)
      client.on("close", () => {
        upstream.destroy()
        pairs.delete(pair)
      })
    }
    if (mode === "close") client.end()
    else if (mode === "hold") held.push(pass)
    else pass()
  })
  proxy.listen(0, "127.0.0.1")
  await once(proxy, "listening")
  const address = proxy.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  const url = new URL(target)
  url.port = String(address.port)
  return {
    url: url.href,
    accepted,
    setMode(next: typeof mode) {
      mode = next
      if (next !== "pass") return
      for (const pass of held) pass()
      held = []
    },
    /** Holds the database's answers on the open connections. @returns a function that passes them on. */
    holdAnswers() {
      const frozen = [...pairs]
      for (const { client, upstream } of frozen) upstream.unpipe(client)
      return () => {
        for (const { client, upstream } of frozen) upstream.pipe(client)
      }
    },
    async [Symbol.asyncDispose]() {
      proxy.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Runs `work` while a lock blocks every write to a user. */
export const withUsersLocked = (direct: Sql, work: () => Promise<void>) =>
  direct.begin(async (sql) => {
    await sql`lock table owners`
    await work()
  })
