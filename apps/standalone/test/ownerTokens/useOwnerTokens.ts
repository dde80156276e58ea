import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject } from "vitest"
import { newSecret, rest, startServerOnPostgres } from "../testServer.ts"

const ADMIN = "admin@example.com"

/** The only origin from which browsers may call. */
export const WEB = "https://app.example"

export const onBehalfOf = (subject: string, actor?: string) => ({
  "latchkey-on-behalf-of": `host ${encodeURIComponent(subject)}`,
  ...(actor !== undefined && { "latchkey-actor": encodeURIComponent(actor) }),
})

/** A response's status with the reason of its error, or `done`. */
export const outcomeOf = ({ status, body }: Awaited<ReturnType<typeof rest>>) =>
  `${status} ${body?.reason ?? "done"}`

/** Starts a server for the tests of a file, with an administrator and a bootstrap key that may create owner tokens. */
export function useOwnerTokens() {
  const secret = newSecret()
  const bootstrap = newSecret()
  const variables = {
    AUTH_SECRET: secret,
    ADMIN_EMAILS: ADMIN,
    ADMIN_SUBJECTS: JSON.stringify([{ issuer: "host", subject: "boss" }]),
    BOOTSTRAP_KEY: bootstrap,
    SCOPES: "reports:read",
    CORS_ORIGINS: WEB,
  }
  let server: Awaited<ReturnType<typeof startServerOnPostgres>>
  let sql: ReturnType<typeof connect>
  let admin: string
  beforeAll(async () => {
    server = await startServerOnPostgres(inject("postgresUrl"), variables)
    sql = connect(server.shared.DATABASE_URL)
    const { body } = await rest(server.url, "POST", "/auth/register", {
      body: { email: ADMIN, password: randomUUID() },
    })
    admin = body.accessToken
  })
  afterAll(async () => {
    await sql.end()
    await server[Symbol.asyncDispose]()
  })

  const mint = (apiKey: string, headers: Record<string, string>, body: object = {}, url = server.url) =>
    rest(url, "POST", "/auth/owner-tokens", { apiKey, headers, body })

  return {
    secret,
    bootstrap,
    get url() {
      return server.url
    },
    get sql() {
      return sql
    },
    /** The administrator's access token. */
    get admin() {
      return admin
    },
    /** The variables that another instance needs to share the database. */
    get variables() {
      return { ...server.shared, ...variables }
    },
    /** Sets whether the administrator has the role. */
    setAdministrator: (role: "admin" | "user") =>
      sql`update owners set role = ${role} where email = ${ADMIN}`,
    mint,
    /** Creates a token for a new owner. */
    async newToken(
      body: object = {},
      { apiKey = bootstrap, actor }: { apiKey?: string; actor?: string } = {},
    ) {
      const subject = `org ${randomUUID()}`
      const created = await mint(apiKey, onBehalfOf(subject, actor), body)
      expect(created.status).toBe(201)
      return {
        subject,
        accessToken: created.body.accessToken as string,
        expiresAt: created.body.expiresAt as string,
      }
    },
    /** Creates a key that may create owner tokens. */
    async newManager() {
      const { body } = await rest(server.url, "POST", "/auth/apikeys", {
        accessToken: admin,
        body: { label: "backend", scopes: ["latchkey:manage"] },
      })
      return body as { id: string; key: string }
    },
    create: (accessToken: string, body: object = { label: "x" }, url = server.url) =>
      rest(url, "POST", "/auth/apikeys", { accessToken, body }),
    list: (accessToken: string, url = server.url) => rest(url, "GET", "/auth/apikeys", { accessToken }),
  }
}
