import { createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { newSecret, rest, startTestServer } from "../testServer.ts"

test("/readyz distinguishes an unavailable database from a shutdown", async () => {
  const database = await createTestDatabase(inject("postgresUrl"))
  await using server = await startTestServer({ DATABASE_URL: database.url, AUTH_SECRET: newSecret() })
  expect(await rest(server.url, "GET", "/readyz")).toMatchObject({ status: 200, body: { status: "ready" } })

  await database[Symbol.asyncDispose]()

  expect(await rest(server.url, "GET", "/readyz")).toMatchObject({
    status: 503,
    body: { code: "SERVICE_UNAVAILABLE", reason: "UNAVAILABLE", message: "The database does not answer." },
  })
})
