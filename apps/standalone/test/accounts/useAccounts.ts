import { connect, type Sql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, beforeEach, inject } from "vitest"
import { type RestCall, rest, startServerOnPostgres } from "../testServer.ts"
import { stopClock } from "./authenticatorApp.ts"

/** The response to a wrong value in this field of a sign-in or a confirmation. */
export const wrong = (field: string) => ({
  status: 401,
  body: { reason: "LOGIN_FAILED", issues: [{ path: [field] }] },
})

/** Starts a server for the tests of a file, whose clock stands still, and returns calls to its accounts. */
export function useAccounts() {
  let server: Awaited<ReturnType<typeof startServerOnPostgres>>
  let sql: Sql
  beforeAll(async () => {
    server = await startServerOnPostgres(inject("postgresUrl"))
    sql = connect(server.shared.DATABASE_URL)
  })
  afterAll(async () => {
    await sql.end()
    await server[Symbol.asyncDispose]()
  })
  beforeEach(stopClock)

  const get = async (path: string, accessToken: string) => rest(server.url, "GET", path, { accessToken })
  const post = (path: string, body: object, call: RestCall = {}, url = server.url) =>
    rest(url, "POST", path, { ...call, body })

  return {
    server: () => server,
    sql: () => sql,
    post,
    login: (body: object, url?: string) => post("/auth/login", body, {}, url),
    meStatus: async (accessToken: string) => (await get("/auth/me", accessToken)).status,
    account: async (accessToken: string) => (await get("/auth/account", accessToken)).body,
    /** The kinds of the events in the user's audit trail. */
    kinds: async (accessToken: string) =>
      (await get("/auth/audit", accessToken)).body.items.map(({ kind }: { kind: string }) => kind),
    makeAdmin: (id: string) => sql`update owners set role = 'admin' where id = ${id}`,
  }
}
