import type { RestOperation } from "@latchkey/api"
import { createDatabase } from "@latchkey/db"
import { sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { allProcedures, surfaces } from "../http/procedures.ts"
import { type RestCall, register, rest, startServerOnPostgres } from "../testServer.ts"

type Caller = "anonymous" | "apiKey" | "user" | "admin"

/** For each kind of access, the callers it allows, and the status that the others get. */
const ACCESS: Record<RestOperation["access"], Record<Caller, "allowed" | 401 | 403>> = {
  anyone: { anonymous: "allowed", apiKey: "allowed", user: "allowed", admin: "allowed" },
  jwt: { anonymous: 401, apiKey: 403, user: "allowed", admin: "allowed" },
  jwtOrKey: { anonymous: 401, apiKey: "allowed", user: "allowed", admin: "allowed" },
  key: { anonymous: 401, apiKey: 403, user: 403, admin: 403 },
  admin: { anonymous: 401, apiKey: 403, user: 403, admin: "allowed" },
}

const REASONS = { 401: "UNAUTHENTICATED", 403: "FORBIDDEN" }

/** OAuth's endpoints answer 401 to clients that may not ask. These callers lack the scope that a key needs there. */
function refusalOf({ access, oauth }: RestOperation, surface: "tRPC" | "REST", status: 401 | 403) {
  if (oauth && surface === "REST") return { status: 401, reason: REASONS[401] }
  return { status, reason: access === "key" && status === 403 ? "INSUFFICIENT_SCOPE" : REASONS[status] }
}

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
const credentials = { anonymous: {} } as Record<Caller, RestCall>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  const { url } = server
  const user = await register(url)
  const { body } = await rest(url, "POST", "/auth/apikeys", { ...user, body: { label: "x" } })
  const admin = await register(url)
  const { db, close } = await createDatabase(server.shared.DATABASE_URL)
  await db.execute(sql`update owners set role = 'admin' where id = ${admin.user.id}`)
  await close()
  credentials.user = { accessToken: user.accessToken }
  credentials.apiKey = { apiKey: body.key }
  credentials.admin = { accessToken: admin.accessToken }
})
afterAll(() => server[Symbol.asyncDispose]())

const callers = ["anonymous", "apiKey", "user", "admin"] as const

describe.each(surfaces)("over %s", (surface, call) => {
  test.each(allProcedures)("$path allows exactly the callers that it declares", async (procedure) => {
    for (const caller of callers) {
      const expected = ACCESS[procedure.operation.access][caller]
      // An allowed call fails only because of this unknown field, so that it changes nothing.
      const input = expected === "allowed" ? { unknownField: 1 } : undefined
      const response = await call(server.url, procedure, input, credentials[caller])
      expect(response, caller).toMatchObject(
        expected === "allowed"
          ? { status: 400, reason: "INVALID_INPUT", text: expect.stringMatching(/unknown field|no input/) }
          : refusalOf(procedure.operation, surface, expected),
      )
    }
  })
})

test.each(allProcedures)("$path declares its input and output", (procedure) => {
  expect(procedure).toMatchObject({ declaresInput: true, declaresOutput: true })
})
