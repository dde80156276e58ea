import { spawn } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { createTestDatabase, freePort, type TestDatabase } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest"
import rootPackageJson from "../../../package.json" with { type: "json" }
import { install, runProgram } from "../../sdk/test/packSdk.ts"
import { packServer } from "./packServer.ts"
import { newSecret } from "./startLatchkey.ts"
import { untilListening } from "./untilListening.ts"

let packed: Awaited<ReturnType<typeof packServer>>
let database: TestDatabase
let app: string

beforeAll(async () => {
  ;[packed, database] = await Promise.all([packServer(), createTestDatabase(inject("postgresUrl"))])
  app = await install(join(packed.folder, "app"), [
    packed.tarball,
    "@trpc/server",
    "express@5",
    "@types/express@5",
    "typescript@5.9",
    `@types/node@${rootPackageJson.devDependencies["@types/node"]}`,
  ])
  await runProgram(join(app, "node_modules/.bin/latchkey"), ["migrate"], {
    cwd: app,
    env: { DATABASE_URL: database.url },
  })
}, 180_000)

afterAll(async () => {
  await database?.[Symbol.asyncDispose]()
  await packed?.[Symbol.asyncDispose]()
})

const examples = async () => {
  const readme = await readFile(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8")
  return [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code)
}

/** Type-checks an example and starts it. Resolves with its URL and the first line that it prints, or when it listens. */
async function start(name: string, code: string) {
  const port = await freePort()
  const url = `http://localhost:${port}`
  await writeFile(join(app, `${name}.mts`), code.replaceAll("3000", String(port)))
  await runProgram(
    join(app, "node_modules/.bin/tsc"),
    ["--strict", "--module", "nodenext", "--target", "es2022", `${name}.mts`],
    { cwd: app },
  )
  const child = spawn(process.execPath, [`${name}.mjs`], {
    cwd: app,
    env: { ...process.env, DATABASE_URL: database.url, AUTH_SECRET: newSecret() },
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill())
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return { url, nextLine: async () => String((await lines.next()).value) }
}

test("no example has more than 15 lines", async () => {
  for (const code of await examples()) expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(15)
})

test("the tRPC server of the README accepts its key, and nobody else", async () => {
  const [code = ""] = await examples()
  const { url, nextLine } = await start("trpc", code)
  const key = /X-API-Key: ([0-9a-f]{64})/.exec(await nextLine())?.[1] ?? ""
  const accepted = await fetch(`${url}/reports`, { headers: { "x-api-key": key } })
  expect(await accepted.json()).toEqual({ result: { data: "The reports of org_42" } })
  expect((await fetch(`${url}/reports`)).status).toBe(401)
}, 120_000)

test("a user of the README's Express server creates a key by cookie, and calls with it", async () => {
  const [, code = ""] = await examples()
  await writeFile(
    join(app, "session.mts"),
    `export const userOf = (cookie: string | null) => (cookie === "user=ada" ? { id: "ada" } : null)\n`,
  )
  const { url } = await start("express", code.replace("./session.js", "./session.mjs"))
  const headers = { cookie: "user=ada", origin: url, "content-type": "application/json" }
  const body = JSON.stringify({ label: "mine" })
  const created = await untilListening(() =>
    fetch(`${url}/latchkey/auth/apikeys`, { method: "POST", headers, body }),
  )
  const { key } = (await created.json()) as { key: string }
  expect(await (await fetch(`${url}/reports`, { headers: { "x-api-key": key } })).text()).toBe("ada")
  expect((await fetch(`${url}/reports`)).status).toBe(401)
}, 120_000)
