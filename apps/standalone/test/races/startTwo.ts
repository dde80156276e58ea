import { createTcpProxy } from "@latchkey/test-postgres"
import { startServerOnPostgres, startTestServer } from "../testServer.ts"

/** Starts two instances on one database. `b` reaches it through a TCP proxy that the test can pause. */
export async function startTwo(
  serverUrl: string,
  { both, a, b }: Partial<Record<"both" | "a" | "b", Record<string, string>>> = {},
) {
  const first = await startServerOnPostgres(serverUrl, { ...both, ...a })
  const proxy = await createTcpProxy(new URL(first.shared.DATABASE_URL))
  const second = await startTestServer({ ...first.shared, DATABASE_URL: proxy.url, ...both, ...b })
  return {
    a: first.url,
    b: second.url,
    proxy,
    databaseUrl: first.shared.DATABASE_URL,
    async [Symbol.asyncDispose]() {
      await second[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
      await first[Symbol.asyncDispose]()
    },
  }
}
