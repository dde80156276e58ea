import { once } from "node:events"
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net"
import { createMigratedDatabase } from "@latchkey/db/test"
import { connect, eventually, gate } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { newSecret } from "../../test/startLatchkey.ts"
import { createServer } from "../createServer.ts"
import { LIBRARY } from "../internals.ts"
import { readOptions, type Settings } from "../options/readOptions.ts"

/** Opens a server whose opening never ends, and closes it. @returns its database. */
async function closeWhileOpening(hanging: (began: () => void) => Partial<Settings>) {
  const database = await createMigratedDatabase(inject("postgresUrl"))
  onTestFinished(() => database[Symbol.asyncDispose]())
  const began = gate()
  const settings = readOptions({ databaseUrl: database.url, secret: newSecret() })
  const { latchkey } = createServer({ ...settings, ...hanging(began.open) }, { ...LIBRARY, mountedAt: "" })
  const verdict = latchkey.authenticate({ "x-api-key": "0".repeat(64) })
  await began.opened
  await latchkey.close()
  expect(await verdict).toMatchObject({ status: 503 })
  return new URL(database.url).pathname.slice(1)
}

test("closing does not wait for a secret that never comes, and closes the database", async () => {
  const name = await closeWhileOpening((began) => ({
    secret() {
      began()
      return new Promise<never>(() => {})
    },
  }))
  const sql = connect(inject("postgresUrl"))
  onTestFinished(() => sql.end())
  await eventually(async () => {
    const open = await sql`select 1 from pg_stat_activity where datname = ${name}`
    expect(open).toHaveLength(0)
  })
})

test("closing does not wait for a restore log's store that does not answer", async () => {
  const sockets: Socket[] = []
  let isConnected = () => {}
  const store = createTcpServer((socket) => {
    sockets.push(socket)
    socket.on("error", () => {})
    isConnected()
  }).listen(0, "127.0.0.1")
  await once(store, "listening")
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    store.close()
  })
  const { port } = store.address() as AddressInfo
  await closeWhileOpening((began) => {
    isConnected = began
    return { restoreLog: `http://127.0.0.1:${port}/log` }
  })
  // Its own time limit has not ended the wait.
  expect(sockets.map(({ destroyed, readableEnded }) => destroyed || readableEnded)).toEqual([false])
})
