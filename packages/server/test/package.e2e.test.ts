import { randomBytes, randomUUID } from "node:crypto"
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createTestDatabase, type TestDatabase } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import rootPackageJson from "../../../package.json" with { type: "json" }
import { installTools } from "../../sdk/test/installTools.ts"
import { runProgram } from "../../sdk/test/packSdk.ts"
import { packServer } from "./packServer.ts"

let packed: Awaited<ReturnType<typeof packServer>>
let database: TestDatabase
/** A project that has only the package and its peer installed. */
let app: string
let tool: Awaited<ReturnType<typeof installTools>>
/** What npm printed when it installed that. */
let printed: string

beforeAll(async () => {
  ;[packed, database] = await Promise.all([packServer(), createTestDatabase(inject("postgresUrl"))])
  tool = await installTools()
  app = await createEmptyProject("app")
  const { stdout, stderr } = await runProgram(
    "npm",
    ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages()],
    {
      cwd: app,
    },
  )
  printed = `${stdout}\n${stderr}`
})

afterAll(async () => {
  await database?.[Symbol.asyncDispose]()
  await packed?.[Symbol.asyncDispose]()
})

const packages = () => [packed.tarball, "@trpc/server"]

async function createEmptyProject(name: string) {
  const folder = join(packed.folder, name)
  await mkdir(folder)
  await writeFile(
    join(folder, "package.json"),
    `{ "private": true, "name": "${name}", "version": "1.0.0" }\n`,
  )
  return folder
}

const installed = (path: string) => join(app, "node_modules/@latchkey/server", path)

test("publint and attw find no problems", async () => {
  const lint = await runProgram(tool(".bin/publint"), [packed.tarball, "--strict"], { cwd: app })
  expect(lint.stdout).toContain("All good!")
  await runProgram(tool(".bin/attw"), [packed.tarball, "--profile", "esm-only"], { cwd: app })
})

test("the package has its assets and documents, and imports nothing that it does not declare", async () => {
  for (const path of ["README.md", "LICENSE", "THIRD-PARTY-LICENSES.md", "dist/dashboard/index.html"]) {
    await readFile(installed(path))
  }
  expect(
    (await readdir(installed("migrations"))).filter((name) => name.endsWith(".sql")).length,
  ).toBeGreaterThan(6)

  const manifest = JSON.parse(await readFile(installed("package.json"), "utf8"))
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  const imported = new Set<string>()
  for (const name of await readdir(installed("dist"))) {
    if (!/\.(js|d\.ts)$/.test(name)) continue
    const code = await readFile(installed(`dist/${name}`), "utf8")
    for (const [, id = ""] of code.matchAll(/^(?:import|export) .*?from "([^".][^"]*)"/gm)) {
      imported.add(
        id
          .split("/")
          .slice(0, id.startsWith("@") ? 2 : 1)
          .join("/"),
      )
    }
  }
  // Whoever imports `@latchkey/server/fastify` has it.
  imported.delete("fastify")
  expect([...imported].filter((id) => !id.startsWith("node:") && !declared.includes(id))).toEqual([])
})

test("the library has no side effects on its host", async () => {
  await copyFile(fileURLToPath(new URL("./guest.mjs", import.meta.url)), join(app, "guest.mjs"))
  const { stdout, stderr } = await runProgram(
    process.execPath,
    ["guest.mjs", database.url, "hono", "express", "fastify", "next", "node"],
    // What must have no effect.
    {
      cwd: app,
      env: { PGHOST: "192.0.2.1", PGPORT: "1", DATABASE_URL: "x", AUTH_SECRET: "x", LOG_LEVEL: "trace" },
    },
  )
  expect(stderr).toBe("")
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({
    envReads: [],
    consoleCalls: [],
    keepsGlobals: true,
    keepsListeners: true,
    isAccepted: true,
    page: 200,
  })
  expect(report.afterImport).not.toContain("Timeout")
  expect(report.newGlobals.filter((name: string) => !name.startsWith("__zod_"))).toEqual([])
})

test("without the packages of the embedded database, construction says what to install", async () => {
  const embedded = `import { createLatchkeyServer } from "@latchkey/server"
    createLatchkeyServer({ database: "embedded", secret: "${randomBytes(32).toString("hex")}" })`
  const inMemory = `import { createTestLatchkey } from "@latchkey/server/testing"
    createTestLatchkey()`
  const failureOf = (program: string) =>
    runProgram(process.execPath, ["--input-type=module", "-e", program], {
      cwd: app,
      // With pnpm's, this repository's packages would be found.
      env: { NODE_PATH: "" },
    }).then(
      () => "no failure",
      (error: Error) => error.message,
    )
  const rule = "expected packages that are not installed; run npm install @electric-sql/pglite"
  expect(await failureOf(embedded)).toContain(`database: ${rule} fs-native-extensions`)
  expect(await failureOf(inMemory)).toContain(`createTestLatchkey: ${rule}`)
})

test("latchkey migrate --check exits with 2 while something is pending, and with 0 afterwards", async () => {
  await using fresh = await createTestDatabase(inject("postgresUrl"))
  const run = (args: string[], variables: NodeJS.ProcessEnv) =>
    runProgram(join(app, "node_modules/.bin/latchkey"), args, { cwd: app, env: variables }).then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      (error: Error & { code?: number }) => ({
        code: (error.cause as { code?: number })?.code,
        output: error.message,
      }),
    )
  const variables = { DATABASE_URL: fresh.url, DATABASE_SCHEMA: "keys" }
  expect(await run(["migrate", "--check"], variables)).toMatchObject({ code: 2 })
  expect(await run(["migrate"], variables)).toMatchObject({ code: 0 })
  expect(await run(["migrate", "--check"], variables)).toMatchObject({ code: 0 })
  const unset = await run(["migrate"], { DATABASE_URL: "" })
  expect(unset).toMatchObject({ code: 1 })
  expect(unset.output).toContain("DATABASE_URL: expected a URL")
  const wrong = await run(["migrate"], { DATABASE_URL: "postgres://me:secret-word@127.0.0.1:1/x" })
  expect(wrong).toMatchObject({ code: 1 })
  expect(wrong.output).toContain("ECONNREFUSED")
  expect(wrong.output).not.toContain("secret-word")
})

/** Without the option, pnpm exits with 1. */
const PNPM_ADD = ["add", "--allow-build=bcrypt"]

test("the README shows how to install it with pnpm", async () => {
  const readme = await readFile(installed("README.md"), "utf8")
  expect(readme).toContain(`pnpm ${PNPM_ADD.join(" ")} @latchkey/server @trpc/server\n`)
})

/** The lines of a package manager's output that warn, except those that the README tells about. */
const warningsIn = (output: string) =>
  output
    .split("\n")
    .filter((line) => !/bcrypt|install-scripts|approve/.test(line))
    .filter((line) => /warn|peer|deprecated|unsupported/i.test(line))

async function importIn(folder: string) {
  await writeFile(join(folder, "main.mjs"), 'import "@latchkey/server"\n')
  await runProgram(process.execPath, ["main.mjs"], { cwd: folder })
}

test("npm installs it in an empty project without warnings", async () => {
  expect(warningsIn(printed)).toEqual([])
  await importIn(app)
})

test("pnpm installs it in an empty project without warnings", async () => {
  const folder = await createEmptyProject("empty")
  const { stdout, stderr } = await runProgram(
    "npx",
    ["--yes", rootPackageJson.packageManager, ...PNPM_ADD, ...packages()],
    { cwd: folder },
  )
  expect(warningsIn(`${stdout}\n${stderr}`)).toEqual([])
  await importIn(folder)
})

const TYPES = `
import { createServer } from "node:http"
import { initTRPC } from "@trpc/server"
import { createLatchkeyServer, type Caller } from "@latchkey/server"
import * as express from "@latchkey/server/express"
import * as hono from "@latchkey/server/hono"
import * as next from "@latchkey/server/next"
import * as node from "@latchkey/server/node"
import { createTestLatchkey } from "@latchkey/server/testing"

const latchkey = createLatchkeyServer({ databaseUrl: "", secret: "", scopes: ["reports:read", "reports:write"] })
const t = initTRPC.context<{ own: string } & ReturnType<typeof latchkey.createContext>>().create()
export const router = t.router({
  latchkey: latchkey.router,
  list: t.procedure.concat(latchkey.requires({ scope: "reports:read" })).query(({ ctx }) => {
    const caller: Caller<"reports:read" | "reports:write"> = ctx.caller
    return [caller.subject, ctx.own]
  }),
})
// @ts-expect-error not declared
latchkey.requires({ scope: "reports:delete" })
// @ts-expect-error not declared
void latchkey.authenticate(new Headers(), { scope: ["reports:read", "reports:delete"] })
// @ts-expect-error not declared
node.guard(latchkey, { scope: "reports:delete" })
// @ts-expect-error the context has no Latchkey
initTRPC.create().procedure.concat(latchkey.requires())
// @ts-expect-error neither databaseUrl nor database
createLatchkeyServer({ secret: "" })
export const guards = [express.guard(latchkey), hono.guard(latchkey), next.guard(latchkey), node.guard(latchkey)]
createServer(node.latchkeyHandler(latchkey))
export const testing = createTestLatchkey({ scopes: ["a"] }).keyFor({ subject: "org_42", scopes: ["a"] })
const bare = createTestLatchkey()
// @ts-expect-error without scopes there is none to ask for
bare.requires({ scope: "a" })
`

// The oldest compiler takes 8 s of CPU time for one resolution, and the newest 2 s.
test.each([
  ["typescript57", ["node16"]],
  ["typescript", ["node16", "nodenext", "bundler"]],
] as const)(
  "its types stand alone with %s",
  async (compiler, resolutions) => {
    await writeFile(join(app, "types.mts"), TYPES)
    for (const moduleResolution of resolutions) {
      const config = `tsconfig.${randomUUID()}.json`
      const compilerOptions = {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
        target: "es2022",
        typeRoots: [tool("@types")],
        types: ["node"],
        moduleResolution,
        module: moduleResolution === "bundler" ? "esnext" : moduleResolution,
      }
      await writeFile(join(app, config), JSON.stringify({ compilerOptions, files: ["types.mts"] }))
      await runProgram(process.execPath, [tool(join(compiler, "bin/tsc")), "-p", config], { cwd: app })
    }
  },
  180_000,
)
