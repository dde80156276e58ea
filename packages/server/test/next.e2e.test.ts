import { join } from "node:path"
import { codeBlock, createTestDatabase, type TestDatabase } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { startIssuer } from "../../auth/test/startIssuer.ts"
import { installByPnpm, runProgram } from "../../sdk/test/packSdk.ts"
import { packServer } from "./packServer.ts"
import { startNext } from "./startNext.ts"

const PACKAGES = [
  "@trpc/server",
  "next@16.4.6",
  "react@19.3.1",
  "react-dom@19.3.1",
  "typescript@5.9",
  "@types/react@19",
  "@types/node@22",
]

/** The files of the README's example for Next. A comment names each. */
function exampleFiles(issuer: string) {
  const code = codeBlock("packages/server/README.md", "ts", "In Next, with your identity provider")
  const files = code.replace("https://id.example.com", issuer).split(/^\/\/ (?=\S+\.ts$)/m)
  return Object.fromEntries(
    files.slice(1).map((file) => {
      const end = file.indexOf("\n")
      return [file.slice(0, end), file.slice(end + 1)]
    }),
  )
}

/** A second Latchkey, for users with a cookie. Both are in one application, because building one takes half a minute. */
const COOKIE_FILES = {
  "cookie/latchkey.mjs": `
    import { createLatchkeyServer } from "@latchkey/server"
    export const latchkey = createLatchkeyServer({
      databaseUrl: process.env.DATABASE_URL,
      secret: process.env.AUTH_SECRET,
      basePath: "/keys",
      identify: (headers) => (headers.get("cookie") === "user=ada" ? { subject: "ada" } : null),
    })`,
  "app/keys/[[...path]]/route.js": `
    import { latchkeyHandler } from "@latchkey/server/next"
    import { latchkey } from "../../../cookie/latchkey.mjs"
    export const { GET, POST, DELETE } = latchkeyHandler(latchkey)`,
  "app/invoices/[id]/route.js": `
    import { guard } from "@latchkey/server/next"
    import { latchkey } from "../../../cookie/latchkey.mjs"
    export const GET = guard(latchkey, { via: "apiKey" })(async (_, { params, caller }) =>
      Response.json({ id: (await params).id, subject: caller.subject }))`,
  "app/page.js": `
    import { headers } from "next/headers"
    import { redirect } from "next/navigation"
    import { latchkey } from "../cookie/latchkey.mjs"
    async function publish() {
      "use server"
      const verdict = await latchkey.authenticate(await headers(), { method: "POST" })
      redirect(verdict.ok ? "/by-" + verdict.caller.subject : "/refused-" + verdict.status)
    }
    export default () => <form action={publish}><button>Publish</button></form>`,
  "app/fetch/route.js": `
    export const dynamic = "force-dynamic"
    export const GET = () => Response.json("__nextPatched" in globalThis.fetch)`,
}

let issuer: Awaited<ReturnType<typeof startIssuer>>
let packed: Awaited<ReturnType<typeof packServer>>
let database: TestDatabase
let next: Awaited<ReturnType<typeof startNext>>

beforeAll(async () => {
  ;[issuer, packed, database] = await Promise.all([
    startIssuer(),
    packServer(),
    createTestDatabase(inject("postgresUrl")),
  ])
  const app = await installByPnpm(join(packed.folder, "app"), [packed.tarball, ...PACKAGES])
  await runProgram(join(app, "node_modules/.bin/latchkey"), ["migrate"], {
    cwd: app,
    env: { DATABASE_URL: database.url },
  })
  const files = {
    ...exampleFiles(issuer.url),
    ...COOKIE_FILES,
    "next.config.mjs": `export default { serverExternalPackages: ["@latchkey/server"] }`,
    "app/layout.tsx": `export default function Layout({ children }: { children: React.ReactNode }) {
      return <html><body>{children}</body></html>
    }`,
  }
  next = await startNext(app, files, database.url)
}, 240_000)

afterAll(async () => {
  await next?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  await packed?.[Symbol.asyncDispose]()
  await issuer?.[Symbol.asyncDispose]()
})

/** Creates a key through the Latchkey at `basePath`. */
async function createKey(basePath: string, headers: Record<string, string>) {
  const response = await fetch(`${next.url}${basePath}/auth/apikeys`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ label: "mine" }),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as { id: string; key: string }
}

test("a user of the provider creates a key in the README's Next application, and calls with it", async () => {
  const reports = (headers: Record<string, string>) => fetch(`${next.url}/reports`, { headers })
  const authorization = `Bearer ${await issuer.sign({ aud: "reports", azp: "web" })}`
  expect(await (await reports({ authorization })).json()).toBe("ada")
  const { id, key } = await createKey("/latchkey", { authorization })
  expect(await (await reports({ "x-api-key": key })).json()).toBe("ada")

  const renamed = await fetch(`${next.url}/latchkey/auth/apikeys/${id}`, {
    method: "PATCH",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ label: "renamed" }),
  })
  expect([renamed.status, await renamed.json()]).toMatchObject([200, { label: "renamed" }])

  const forAnotherApi = `Bearer ${await issuer.sign({ aud: "invoices", azp: "web" })}`
  expect((await reports({ authorization: forAnotherApi })).status).toBe(401)
  expect((await reports({})).status).toBe(401)
  const revoked = await fetch(`${next.url}/latchkey/auth/apikeys/${id}`, {
    method: "DELETE",
    headers: { authorization },
  })
  expect([revoked.status, await revoked.text()]).toEqual([204, ""])
  expect((await reports({ "x-api-key": key })).status).toBe(401)
})

test("Next serves Latchkey, guards a route handler, and asks in a server action", async () => {
  const { url } = next
  const page = await fetch(url)
  const byCookie = { cookie: "user=ada", origin: url }
  const { id, key } = await createKey("/keys", byCookie)
  const invoice = () => fetch(`${url}/invoices/7`, { headers: { "x-api-key": key } })
  expect(await (await invoice()).json()).toEqual({ id: "7", subject: "ada" })
  expect((await fetch(`${url}/invoices/7`, { headers: byCookie })).status).toBe(403)
  const dashboard = await fetch(`${url}/keys`, { headers: { accept: "text/html" } })
  expect(await dashboard.text()).toContain('src="/keys/assets/')

  const [, name = ""] = /name="(\$ACTION_ID_[0-9a-f]+)"/.exec(await page.text()) ?? []
  const publish = async (headers: Record<string, string>) => {
    const body = new FormData()
    body.set(name, "")
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual" })
    return response.headers.get("location")
  }
  expect(await publish(byCookie)).toContain("/by-ada")
  expect(await publish({ origin: url })).toContain("/refused-401")

  await fetch(`${url}/keys/auth/apikeys/${id}`, { method: "DELETE", headers: byCookie })
  expect((await invoice()).status).toBe(401)
})

test("Next marks its fetch, by which the SDK knows that pages must not share requests", async () => {
  expect(await (await fetch(`${next.url}/fetch`)).json()).toBe(true)
})
