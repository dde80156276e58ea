import { randomBytes, randomUUID } from "node:crypto"
import { createTestDatabase } from "@latchkey/test-postgres"
import { createLatchkeyServer } from "../src/createLatchkeyServer.ts"
import type { LatchkeyServerOptions } from "../src/options/options.ts"
import type { LatchkeyServer } from "../src/types.ts"

export const newSecret = () => randomBytes(32).toString("hex")

export const SCOPES = ["reports:read", "reports:write"] as const

export type TestScope = (typeof SCOPES)[number]

/** A Latchkey on its own PostgreSQL database. Disposing it closes both. */
export async function startLatchkey(
  serverUrl: string,
  options: Partial<LatchkeyServerOptions<TestScope>> = {},
) {
  const database = await createTestDatabase(serverUrl)
  const latchkey: LatchkeyServer<TestScope> = createLatchkeyServer({
    databaseUrl: database.url,
    secret: newSecret(),
    scopes: SCOPES,
    passwords: "on",
    migrate: "auto",
    ...options,
  } as LatchkeyServerOptions<TestScope>)
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
    // biome-ignore lint/suspicious/noExplicitAny: the tests know its shape
    body: (text === "" ? null : JSON.parse(text)) as any,
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
