import type { RestOperation } from "@latchkey/api"
import { createDatabase } from "@latchkey/db"
import { sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { allProcedures, surfaces } from "./procedures.ts"
import { type RestCall, register, rest, startServerOnPostgres } from "./testServer.ts"

type Callers = "nobody" | "apiKey" | "user" | "admin"

/** Whom each kind of procedure lets in; the others get this status. */
const ACCESS: Record<RestOperation["access"], Record<Callers, "in" | 401 | 403>> = {
  anyone: { nobody: "in", apiKey: "in", user: "in", admin: "in" },
  jwt: { nobody: 401, apiKey: 403, user: "in", admin: "in" },
  jwtOrKey: { nobody: 401, apiKey: "in", user: "in", admin: "in" },
  admin: { nobody: 401, apiKey: 403, user: 403, admin: "in" },
}

const REASONS = { 401: "UNAUTHENTICATED", 403: "FORBIDDEN" }

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
const credentials = { nobody: {} } as Record<Callers, RestCall>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  const { url } = server
  const user = await register(url)
  const { body } = await rest(url, "POST", "/auth/apikeys", { ...user, body: { label: "x" } })
  const admin = await register(url)
  const { db, close } = await createDatabase(server.shared.DATABASE_URL)
  await db.execute(sql`update users set role = 'admin' where id = ${admin.user.id}`)
  await close()
  credentials.user = { accessToken: user.accessToken }
  credentials.apiKey = { apiKey: body.key }
  credentials.admin = { accessToken: admin.accessToken }
})
afterAll(() => server[Symbol.asyncDispose]())

const callers = ["nobody", "apiKey", "user", "admin"] as const

describe.each(surfaces)("over %s", (_, call) => {
  test.each(allProcedures)("$path lets in whom it says, and nobody else", async (procedure) => {
    for (const caller of callers) {
      const verdict = ACCESS[procedure.operation.access][caller]
      // What is let in gets no further than this field.
      const input = verdict === "in" ? { unheardOf: 1 } : undefined
      const answer = await call(server.url, procedure, input, credentials[caller])
      expect(answer, caller).toMatchObject(
        verdict === "in"
          ? { status: 400, reason: "INVALID_INPUT", text: expect.stringMatching(/not known|no input/) }
          : { status: verdict, reason: REASONS[verdict] },
      )
    }
  })
})

test.each(allProcedures)("$path declares what it takes and what it answers", (procedure) => {
  expect(procedure).toMatchObject({ declaresInput: true, declaresOutput: true })
})
