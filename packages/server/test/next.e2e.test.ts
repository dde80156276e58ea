import { join } from "node:path"
import { createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { install } from "../../sdk/test/packSdk.ts"
import { packServer } from "./packServer.ts"
import { NEXT, startNext } from "./startNext.ts"

const FILES = {
  "next.config.mjs": `export default { serverExternalPackages: ["@latchkey/server"] }`,
  "latchkey.mjs": `
    import { createLatchkeyServer } from "@latchkey/server"
    export const latchkey = createLatchkeyServer({
      databaseUrl: process.env.DATABASE_URL,
      secret: process.env.AUTH_SECRET,
      migrate: "auto",
      identify: (headers) => (headers.get("cookie") === "user=ada" ? { subject: "ada" } : null),
    })`,
  "app/latchkey/[[...path]]/route.js": `
    import { latchkeyHandler } from "@latchkey/server/next"
    import { latchkey } from "../../../latchkey.mjs"
    export const { GET, POST, DELETE } = latchkeyHandler(latchkey)`,
  "app/reports/[id]/route.js": `
    import { guard } from "@latchkey/server/next"
    import { latchkey } from "../../../latchkey.mjs"
    export const GET = guard(latchkey, { via: "apiKey" })(async (_, { params, caller }) =>
      Response.json({ id: (await params).id, subject: caller.subject }))`,
  "app/layout.js": `export default ({ children }) => <html><body>{children}</body></html>`,
  "app/page.js": `
    import { headers } from "next/headers"
    import { redirect } from "next/navigation"
    import { latchkey } from "../latchkey.mjs"
    async function publish() {
      "use server"
      const verdict = await latchkey.authenticate(await headers(), { method: "POST" })
      redirect(verdict.ok ? "/by-" + verdict.caller.subject : "/refused-" + verdict.status)
    }
    export default () => <form action={publish}><button>Publish</button></form>`,
}

test("Next serves Latchkey, guards a route handler, and asks in a server action", async () => {
  await using packed = await packServer()
  await using database = await createTestDatabase(inject("postgresUrl"))
  const app = await install(join(packed.folder, "app"), [packed.tarball, "@trpc/server", ...NEXT])
  const url = await startNext(app, FILES, database.url)
  const page = await fetch(url)

  const byCookie = { cookie: "user=ada", origin: url }
  const created = await fetch(`${url}/latchkey/auth/apikeys`, {
    method: "POST",
    headers: { ...byCookie, "content-type": "application/json" },
    body: JSON.stringify({ label: "mine" }),
  })
  expect(created.status).toBe(201)
  const { id, key } = (await created.json()) as { id: string; key: string }
  const report = () => fetch(`${url}/reports/7`, { headers: { "x-api-key": key } })
  expect(await (await report()).json()).toEqual({ id: "7", subject: "ada" })
  expect((await fetch(`${url}/reports/7`, { headers: byCookie })).status).toBe(403)
  const dashboard = await fetch(`${url}/latchkey`, { headers: { accept: "text/html" } })
  expect(await dashboard.text()).toContain('src="/latchkey/assets/')

  const [, name = ""] = /name="(\$ACTION_ID_[0-9a-f]+)"/.exec(await page.text()) ?? []
  const publish = async (headers: Record<string, string>) => {
    const body = new FormData()
    body.set(name, "")
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual" })
    return response.headers.get("location")
  }
  expect(await publish(byCookie)).toContain("/by-ada")
  expect(await publish({ origin: url })).toContain("/refused-401")

  await fetch(`${url}/latchkey/auth/apikeys/${id}`, { method: "DELETE", headers: byCookie })
  expect((await report()).status).toBe(401)
}, 240_000)
