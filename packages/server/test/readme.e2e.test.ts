import { spawn } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import {
  codeBlock,
  codeBlocks,
  createTestDatabase,
  freePort,
  type TestDatabase,
} from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest"
import rootPackageJson from "../../../package.json" with { type: "json" }
import { installByPnpm, runProgram } from "../../sdk/test/packSdk.ts"
import { packServer } from "./packServer.ts"
import { newSecret } from "./startLatchkey.ts"
import { untilListening } from "./untilListening.ts"

const [INSTALL = "", TRY = ""] = codeBlocks("README.md", "sh", "Your API receives a key")
const SETUP = codeBlock("packages/server/README.md", "sh")

/** The packages that a command installs besides this one. */
const packagesIn = (command: string) =>
  /^npm install (.*)$/m
    .exec(command)?.[1]
    ?.split(" ")
    .filter((name) => name !== "@latchkey/server") ?? []

let packed: Awaited<ReturnType<typeof packServer>>
let database: TestDatabase
let app: string
/** Where the examples listen. */
let ports: Record<"trpc" | "express", number>

beforeAll(async () => {
  ;[packed, database] = await Promise.all([packServer(), createTestDatabase(inject("postgresUrl"))])
  app = await installByPnpm(join(packed.folder, "app"), [
    packed.tarball,
    ...packagesIn(INSTALL),
    "@types/express@5",
    "typescript@5.9",
    `@types/node@${rootPackageJson.devDependencies["@types/node"]}`,
  ])
  await runProgram(join(app, "node_modules/.bin/latchkey"), ["migrate"], {
    cwd: app,
    env: { DATABASE_URL: database.url },
  })
  ports = { trpc: await freePort(), express: await freePort() }
  await compile(modulesFor(ports))
})

afterAll(async () => {
  await database?.[Symbol.asyncDispose]()
  await packed?.[Symbol.asyncDispose]()
})

const EXAMPLES = {
  trpc: codeBlock("packages/server/README.md", "ts", "In your tRPC server"),
  express: codeBlock("packages/server/README.md", "ts", "In Express, with the users you have"),
  next: codeBlock("packages/server/README.md", "ts", "In Next, with your identity provider"),
}

const [DECIDE, EXTEND_CONTEXT] = codeBlocks("docs/embedding.md", "ts", "Protecting your own API")

/** All examples in TypeScript, as modules. One run of the compiler checks them all. */
const modulesFor = (ports: Record<"trpc" | "express", number>) => ({
  trpc: EXAMPLES.trpc.replaceAll("3000", String(ports.trpc)),
  session: `export const userOf = (cookie: string | null) => (cookie === "user=ada" ? { id: "ada" } : null)`,
  express: EXAMPLES.express
    .replace("./session.js", "./session.mjs")
    .replaceAll("3000", String(ports.express)),
  members:
    "export const memberOf = async (cookie: string | null) => cookie ? { organizationId: cookie, userId: cookie } : null",
  embedding: `import type { CreateHTTPContextOptions } from "@trpc/server/adapters/standalone"
    ${codeBlock("docs/embedding.md", "ts", "Your own users: identify").replace("./session.js", "./members.mjs")}
    const reportsOf = async (subject: string) => [subject]
    export async function decide(request: Request) {
      ${DECIDE}
    }
    export function createContext(db: object, options: CreateHTTPContextOptions) {
      ${EXTEND_CONTEXT}
      return createContext(options)
    }
    async function act() {
      ${codeBlock("docs/embedding.md", "ts", "Acting for an owner without a request")}
      return [key, items[0]?.label]
    }
    async function setMetadata() {
      ${codeBlock("docs/keys.md", "ts", "What the product sets")}
      return [key, (await apiKeys.get(id)).metadata]
    }
    function describe() {
      ${codeBlock("docs/embedding.md", "ts", "OpenAPI")}
      return document
    }
    const acted = await act()
    const set = await setMetadata()
    const call = (key = "") => decide(new Request("http://localhost/reports", { headers: { "x-api-key": key } }))
    const answers = await Promise.all([set[0], acted[0], "0".repeat(64)].map((key) => call(key as string)))
    const decided = answers.map(({ status, headers }) => [status, headers.get("cache-control")])
    console.log(JSON.stringify([acted, set, describe(), decided]))
    await latchkey.close()`,
  testing: codeBlock("docs/embedding.md", "ts", "Tests"),
  product: codeBlock("docs/dashboard.md", "ts", "Your product"),
})

/**
 * Writes the modules as `<name>.mts`, and compiles them to `<name>.mjs`, strictly. `package.e2e.test.ts` checks the
 * declarations that they use.
 */
async function compile(modules: Record<string, string>) {
  const files = Object.keys(modules).map((name) => `${name}.mts`)
  await Promise.all(Object.entries(modules).map(([name, code]) => writeFile(join(app, `${name}.mts`), code)))
  await runProgram(
    join(app, "node_modules/.bin/tsc"),
    ["--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", ...files],
    { cwd: app },
  )
}

function run(file: string, url: string) {
  const child = spawn(process.execPath, [file], {
    cwd: app,
    env: { ...process.env, DATABASE_URL: database.url, AUTH_SECRET: newSecret() },
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill())
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return { url, nextLine: async () => String((await lines.next()).value) }
}

test("no example has more than 15 lines", () => {
  for (const code of Object.values(EXAMPLES))
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(15)
})

test("the tRPC server of the README accepts its key, and no other caller", async () => {
  const { url, nextLine } = run("trpc.mjs", `http://localhost:${ports.trpc}`)
  const key = /X-API-Key: ([0-9a-f]{64})/.exec(await nextLine())?.[1] ?? ""
  const accepted = await fetch(`${url}/reports`, { headers: { "x-api-key": key } })
  expect(await accepted.json()).toEqual({ result: { data: "The reports of org_42" } })
  expect((await fetch(`${url}/reports`)).status).toBe(401)
})

test("a user of the README's Express server creates a key by cookie, and calls with it", async () => {
  const { url } = run("express.mjs", `http://localhost:${ports.express}`)
  const headers = { cookie: "user=ada", origin: url, "content-type": "application/json" }
  const body = JSON.stringify({ label: "mine" })
  const created = await untilListening(() =>
    fetch(`${url}/latchkey/auth/apikeys`, { method: "POST", headers, body }),
  )
  const { key } = (await created.json()) as { key: string }
  expect(await (await fetch(`${url}/reports`, { headers: { "x-api-key": key } })).text()).toBe("ada")
  expect((await fetch(`${url}/reports`)).status).toBe(401)
})

test("the commands of both READMEs install the same packages, and create the tables", () => {
  expect(packagesIn(INSTALL)).toEqual(expect.arrayContaining(packagesIn(SETUP)))
  expect(SETUP).toMatch(
    /^npm install @latchkey\/server .*\n# or: pnpm add .*\nnpx --no-install latchkey migrate /,
  )
})

test("the Express app of the repository's README accepts a key that its user ada has created, and no other caller", async () => {
  const host = `localhost:${await freePort()}`
  const code = codeBlock("README.md", "js", "Your API receives a key")
  await writeFile(join(app, "server.mjs"), code.replace("4000", host.split(":")[1] ?? ""))
  run("server.mjs", `http://${host}`)
  const refused = await untilListening(() => fetch(`http://${host}/reports`))
  expect(refused.status).toBe(401)
  const { stdout } = await runProgram("sh", ["-ec", TRY.replaceAll("localhost:4000", host)], { cwd: app })
  expect(stdout).toBe("The reports of ada\n")
})

test("the compiled examples of docs/embedding.md and docs/keys.md that need no request run", async () => {
  const { nextLine } = run("embedding.mjs", "")
  const [acted, set, document, decided] = JSON.parse(await nextLine())
  // Of the three keys, the second was revoked, and nobody has made the third.
  expect(decided).toEqual([
    [200, "private"],
    [401, "no-store"],
    [401, "no-store"],
  ])
  expect(acted).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), "nightly import"])
  expect(set).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), { plan: "paid" }])
  expect(Object.keys(document.paths["/reports"].get.responses)).toEqual(
    expect.arrayContaining(["200", "401"]),
  )

  await runProgram(process.execPath, ["testing.mjs"], { cwd: app })
})

test("the middleware of docs/migrating.md accepts an old key, a new one, and no other", async () => {
  const port = await freePort()
  await writeFile(join(app, "acceptBoth.mjs"), codeBlock("docs/migrating.md", "js"))
  await writeFile(
    join(app, "both.mjs"),
    `import { createTestLatchkey } from "@latchkey/server/testing"
    import express from "express"
    import { acceptBoth } from "./acceptBoth.mjs"
    const latchkey = createTestLatchkey({ scopes: ["reports:read"] })
    const ownerOfOldKey = async (key) => {
      if (key === "outage") throw new Error("the old system does not answer")
      return new Map([["old", "org_7"], ["", "org_0"]]).get(key)
    }
    const accept = acceptBoth(latchkey, ownerOfOldKey, { scope: "reports:read" })
    express().post("/reports", accept, (_, response) => response.send(response.locals.caller.subject)).listen(${port})
    console.log(await latchkey.keyFor({ subject: "org_42", scopes: ["reports:read"] }))`,
  )
  const { url, nextLine } = run("both.mjs", `http://localhost:${port}`)
  const key = await nextLine()
  const call = (headers: Record<string, string>) => fetch(`${url}/reports`, { method: "POST", headers })
  expect(await (await call({ "x-api-key": key })).text()).toBe("org_42")
  const old = await call({ "x-api-key": "old" })
  expect(await old.text()).toBe("org_7")
  expect(old.headers.get("cache-control")).toBe("private")
  expect([(await call({ "x-api-key": "other" })).status, (await call({})).status]).toEqual([401, 401])
  expect((await call({ "x-api-key": "outage" })).status).toBe(500)
})

test("the middleware of docs/migrating.md hands an error of the old system to Express 4 too, which awaits no promise", async () => {
  await writeFile(join(app, "acceptBoth.mjs"), codeBlock("docs/migrating.md", "js"))
  await writeFile(
    join(app, "rejects.mjs"),
    `import { createTestLatchkey } from "@latchkey/server/testing"
    import { acceptBoth } from "./acceptBoth.mjs"
    const accept = acceptBoth(createTestLatchkey({}), async () => { throw new Error("outage") }, {})
    accept({ get: () => "old" }, {}, ({ message }) => console.log(message))`,
  )
  const { stdout } = await runProgram(process.execPath, ["rejects.mjs"], { cwd: app })
  expect(stdout).toBe("outage\n")
})
