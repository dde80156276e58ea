import { randomBytes } from "node:crypto"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { type ServerType, serve } from "@hono/node-server"
import { createTRPCClient, httpBatchLink } from "@trpc/client"
import { createTidewater } from "../src/createTidewater.ts"
import { DEMO_PASSWORD } from "../src/db/addDemoData.ts"
import { openDatabase } from "../src/db/openDatabase.ts"
import { createLatchkey } from "../src/latchkey.ts"
import type { TidewaterRouter } from "../src/router.ts"
import { createSignIns } from "../src/signIns.ts"

const secret = randomBytes(32).toString("hex")

/** Starts the product on a free port, with its tables and Latchkey's in the same PostgreSQL. */
export async function startTidewater(databaseUrl: string) {
  const database = await openDatabase({ databaseUrl })
  const signIns = createSignIns(database.db)
  const latchkey = createLatchkey({ database: { databaseUrl }, secret, signIns })
  const server: ServerType = serve({ fetch: createTidewater(database, signIns, latchkey).fetch, port: 0 })
  await once(server, "listening")
  const url = `http://localhost:${(server.address() as AddressInfo).port}`

  return {
    url,
    latchkey,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, "close")
      await latchkey.close()
      await database.close()
    },
  }
}

/** Signs in as the product's pages do. Returns the cookie. */
export async function signIn(url: string, email: string, password = DEMO_PASSWORD): Promise<string | null> {
  const response = await fetch(`${url}/sign-in`, {
    method: "POST",
    body: new URLSearchParams({ email, password }),
    redirect: "manual",
  })
  return response.headers.get("set-cookie")?.split(";")[0] ?? null
}

/** Calls Latchkey's REST API as a page of the product does. */
export async function callAs(
  url: string,
  { cookie, origin = url }: { cookie: string; origin?: string },
  [method, path, body]: [string, string, object?],
) {
  const response = await fetch(`${url}/latchkey/auth${path}`, {
    method,
    headers: { cookie, origin, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === "" ? null : JSON.parse(text) }
}

/** The product's own API, as its customers call it. */
export const clientFor = (url: string, headers: Record<string, string>) =>
  createTRPCClient<TidewaterRouter>({ links: [httpBatchLink({ url: `${url}/trpc`, headers })] })
