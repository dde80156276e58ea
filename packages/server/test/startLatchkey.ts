import { randomBytes, randomUUID } from "node:crypto"
import { createMigratedDatabase } from "@latchkey/db/test"
import { createServer } from "../src/createServer.ts"
import { LIBRARY } from "../src/internals.ts"
import type { LatchkeyServerOptions } from "../src/options/options.ts"
import { readOptions } from "../src/options/readOptions.ts"
import type { LatchkeyServer } from "../src/types.ts"

export const newSecret = () => randomBytes(32).toString("hex")

export const SCOPES = ["reports:read", "reports:write"] as const

export type TestScope = (typeof SCOPES)[number]

/** The lowest cost that bcrypt allows: about a millisecond, instead of 70 at cost 10. */
export const LOWEST_BCRYPT_COST = 4

/** A Latchkey on its own PostgreSQL database, with cheap bcrypts. Disposing it closes both. */
export async function startLatchkey(
  serverUrl: string,
  options: Partial<LatchkeyServerOptions<TestScope>> = {},
) {
  const database = await createMigratedDatabase(serverUrl)
  const settings = readOptions({
    databaseUrl: database.url,
    secret: newSecret(),
    scopes: SCOPES,
    passwords: "on",
    migrate: "auto",
    ...options,
  } as LatchkeyServerOptions<TestScope>)
  const server = createServer(settings, {
    ...LIBRARY,
    mountedAt: settings.basePath,
    bcryptCost: LOWEST_BCRYPT_COST,
  })
  const latchkey = server.latchkey as unknown as LatchkeyServer<TestScope>
  return {
    latchkey,
    database,
    async [Symbol.asyncDispose]() {
      await latchkey.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** Calls REST through `fetch`, as a browser on the host's own origin does. */
export async function rest(
  latchkey: Pick<LatchkeyServer, "basePath" | "fetch">,
  method: string,
  path: string,
  { body, headers }: { body?: unknown; headers?: Record<string, string> } = {},
) {
  const response = await latchkey.fetch(
    new Request(`http://localhost${latchkey.basePath}${path}`, {
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? null : JSON.parse(text),
  }
}

/** A new own account with an API key. */
export async function newKey(latchkey: LatchkeyServer<TestScope>) {
  const credentials = { email: `${randomUUID()}@example.com`, password: randomUUID() }
  const { body: account } = await rest(latchkey, "POST", "/auth/register", { body: credentials })
  const headers = { authorization: `Bearer ${account.accessToken}` }
  const { body: created } = await rest(latchkey, "POST", "/auth/apikeys", {
    headers,
    body: { label: "test" },
  })
  return {
    key: created.key as string,
    id: created.id as string,
    subject: account.user.id as string,
    accessToken: account.accessToken as string,
    revoke: () => rest(latchkey, "DELETE", `/auth/apikeys/${created.id}`, { headers }),
  }
}
