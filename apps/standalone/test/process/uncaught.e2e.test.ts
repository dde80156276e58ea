import { createMigratedDatabase } from "@latchkey/db/test"
import { expect, inject, test } from "vitest"
import { newSecret, spawnBuiltServer } from "../testServer.ts"

/** Starts a server and makes it run `failure`, code with an error that nothing catches. */
async function startFailing(failure: string) {
  const database = await createMigratedDatabase(inject("postgresUrl"))
  const onSignal = `process.on("SIGUSR2", () => { ${failure} })`
  const server = spawnBuiltServer({
    DATABASE_URL: database.url,
    AUTH_SECRET: newSecret(),
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(onSignal)}`,
  })
  const url = await server.url
  server.child.kill("SIGUSR2")
  const logged = () => server.output.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50)
  return {
    ...server,
    url,
    logged,
    async [Symbol.asyncDispose]() {
      server.child.kill("SIGKILL")
      await server.exited
      await database[Symbol.asyncDispose]()
    },
  }
}

const RESET = 'Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" })'

test.each([
  ["error", `process.nextTick(() => { throw ${RESET} })`],
  ["rejection", `Promise.reject(${RESET})`],
])("an uncaught %s from one lost connection is logged, and the server keeps serving", async (_, failure) => {
  await using server = await startFailing(failure)
  await expect.poll(server.logged).toMatchObject([{ msg: "uncaught", errors: [{ code: "ECONNRESET" }] }])
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
})

test.each([
  ["error", 'process.nextTick(() => { throw new TypeError("broken") })'],
  ["rejection", 'Promise.reject(new TypeError("broken"))'],
  ["rejection without an Error", 'Promise.reject("ECONNRESET")'],
])("any other uncaught %s ends the process", async (_, failure) => {
  await using server = await startFailing(failure)
  expect(await server.exited).toEqual({ code: 1, signal: null })
  expect(server.logged()).toMatchObject([{ level: 60, msg: "uncaught" }])
})
