import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject } from "vitest"
import { rest, startServerOnPostgres } from "../testServer.ts"

export const forbidden = { status: 403, body: { reason: "FORBIDDEN" } }
export const unauthenticated = { status: 401, body: { reason: "UNAUTHENTICATED" } }

export const setCookieHeader = ({ headers }: { headers: Headers }) => headers.getSetCookie().join()
export const readCookie = (reply: { headers: Headers }) => setCookieHeader(reply).split(";", 1)[0] ?? ""

/** Starts a server for the tests of a file, and returns calls to it as a browser on its own page makes them. */
export function useCookieSessions() {
  let server: Awaited<ReturnType<typeof startServerOnPostgres>>
  beforeAll(async () => {
    server = await startServerOnPostgres(inject("postgresUrl"), { CORS_ORIGINS: "https://app.example" })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  /** The headers that a browser sends from a page of the server. */
  const ownPage = (): Record<string, string> => ({ origin: server.url, "sec-fetch-site": "same-origin" })

  return {
    server: () => server,
    ownPage,

    async signUp() {
      const body = { email: `${randomUUID()}@example.com`, password: randomUUID(), session: "cookie" }
      const reply = await rest(server.url, "POST", "/auth/register", { body, headers: ownPage() })
      expect(reply.status).toBe(201)
      return { body, reply, cookie: readCookie(reply), accessToken: reply.body.accessToken as string }
    },

    refresh: (cookie: string, headers = ownPage()) =>
      rest(server.url, "POST", "/auth/refresh", { headers: { ...headers, cookie } }),

    isSignedIn: async (accessToken: string) =>
      (await rest(server.url, "GET", "/auth/me", { accessToken })).status === 200,

    /** Backdates the last rotation of every session, so that its cookie may be rotated again. */
    async letTimePass() {
      const sql = connect(server.shared.DATABASE_URL)
      await sql`update sessions set refreshed_at = refreshed_at - interval '31 s'`
      await sql.end()
    },
  }
}
