import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { startIssuer } from "../../auth/test/startIssuer.ts"
import { install, runProgram } from "../../sdk/test/packSdk.ts"
import { packServer } from "./packServer.ts"
import { NEXT, startNext } from "./startNext.ts"

/** The files of the README's example for Next. A comment names each. */
async function exampleFiles(issuer: string) {
  const readme = await readFile(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8")
  const [, code = ""] = /## In Next.*?```ts\n(.*?)```/s.exec(readme) ?? []
  const files = code.replace("https://id.example.com", issuer).split(/^\/\/ (?=\S+\.ts$)/m)
  return Object.fromEntries(
    files.slice(1).map((file) => {
      const end = file.indexOf("\n")
      return [file.slice(0, end), file.slice(end + 1)]
    }),
  )
}

test("a user of the provider creates a key in the README's Next application, and calls with it", async () => {
  await using issuer = await startIssuer()
  await using packed = await packServer()
  await using database = await createTestDatabase(inject("postgresUrl"))
  const app = await install(join(packed.folder, "app"), [
    packed.tarball,
    "@trpc/server",
    ...NEXT,
    "typescript@5.9",
    "@types/react@19",
    "@types/node@22",
  ])
  await runProgram(join(app, "node_modules/.bin/latchkey"), ["migrate"], {
    cwd: app,
    env: { DATABASE_URL: database.url },
  })
  const files = {
    ...(await exampleFiles(issuer.url)),
    "next.config.mjs": `export default { serverExternalPackages: ["@latchkey/server"] }`,
    "app/layout.tsx": `export default function Layout({ children }: { children: React.ReactNode }) {
      return <html><body>{children}</body></html>
    }`,
    "app/page.tsx": "export default function Page() { return <p>Reports</p> }",
  }
  const url = await startNext(app, files, database.url)
  const reports = (headers: Record<string, string>) => fetch(`${url}/reports`, { headers })

  const authorization = `Bearer ${await issuer.sign({ aud: "reports", azp: "web" })}`
  expect(await (await reports({ authorization })).json()).toBe("ada")
  const created = await fetch(`${url}/latchkey/auth/apikeys`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ label: "mine" }),
  })
  const { id, key } = (await created.json()) as { id: string; key: string }
  expect(await (await reports({ "x-api-key": key })).json()).toBe("ada")

  const forAnotherApi = `Bearer ${await issuer.sign({ aud: "invoices", azp: "web" })}`
  expect((await reports({ authorization: forAnotherApi })).status).toBe(401)
  expect((await reports({})).status).toBe(401)
  const revoked = await fetch(`${url}/latchkey/auth/apikeys/${id}`, {
    method: "DELETE",
    headers: { authorization },
  })
  expect([revoked.status, await revoked.text()]).toEqual([204, ""])
  expect((await reports({ "x-api-key": key })).status).toBe(401)
}, 240_000)
