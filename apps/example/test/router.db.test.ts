import { createTestLatchkey } from "@latchkey/server/testing"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type OpenDatabase, openDatabase } from "../src/db/openDatabase.ts"
import { SCOPES } from "../src/latchkey.ts"
import { createRouter } from "../src/router.ts"

// The product's own tests: its router, with a Latchkey and a database in memory.

const latchkey = createTestLatchkey({ scopes: SCOPES })
let database: OpenDatabase
beforeAll(async () => {
  database = await openDatabase({ folder: "memory://" })
})
afterAll(async () => {
  await latchkey.close()
  await database.close()
})

const callerWith = (key: string) => {
  const context = latchkey.createContext({ headers: new Headers({ "x-api-key": key }) })
  return createRouter(database.db, latchkey).createCaller(context)
}

test("reports are listed for the organization of the key", async () => {
  const key = await latchkey.keyFor({ subject: "org_pilot", scopes: ["reports:read"] })
  expect(await callerWith(key).reports.list()).toMatchObject([{ title: "Currents at the bar" }])
})

test("publishing needs a separate scope", async () => {
  const key = await latchkey.keyFor({ subject: "org_pilot", scopes: ["reports:read"] })
  await expect(callerWith(key).reports.publish({ id: crypto.randomUUID() })).rejects.toMatchObject({
    code: "FORBIDDEN",
  })
})

test("an organization can't publish another organization's report", async () => {
  const harbor = await latchkey.keyFor({ subject: "org_harbor" })
  const pilot = await latchkey.keyFor({ subject: "org_pilot" })
  const [report] = await callerWith(harbor).reports.list()
  await expect(callerWith(pilot).reports.publish({ id: report?.id ?? "" })).rejects.toMatchObject({
    code: "NOT_FOUND",
  })
})

test("a revoked key is rejected, and an outage gives no verdict", async () => {
  const key = await latchkey.keyFor({ subject: "org_pilot" })
  await latchkey.outage(true)
  await expect(callerWith(key).reports.list()).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" })
  await latchkey.outage(false)
  await latchkey.revoke(key)
  await expect(callerWith(key).reports.list()).rejects.toMatchObject({ code: "UNAUTHORIZED" })
})
