import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { codeBlock, codeBlocks } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, test } from "vitest"
import rootPackageJson from "../../../package.json" with { type: "json" }
import { installTools } from "../../sdk/test/installTools.ts"
import { install, type PackedSdk, packSdk, runProgram } from "../../sdk/test/packSdk.ts"

const MAX_BYTES = 25_000
const reactFolder = fileURLToPath(new URL("..", import.meta.url))
const reactTypes = rootPackageJson.devDependencies["@types/react"]

let sdk: PackedSdk
let folder: string
let tarball: string
/** A project that has the packed packages installed, and React. */
let app: string
let tool: Awaited<ReturnType<typeof installTools>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-react-"))
  sdk = await packSdk()
  await runProgram(join(reactFolder, "node_modules/.bin/tsdown"), [], { cwd: reactFolder })
  // pnpm replaces the workspace's version of the SDK, as it does when it publishes.
  const { stdout } = await runProgram(
    "npx",
    ["--yes", rootPackageJson.packageManager, "pack", "--json", "--pack-destination", folder],
    { cwd: reactFolder, env: { npm_config_ignore_scripts: "true" } },
  )
  tarball = JSON.parse(stdout.slice(stdout.indexOf("{"))).filename
  tool = await installTools()
  app = await install(join(folder, "app"), [
    sdk.tarball,
    tarball,
    "react@19.2.0",
    "react-dom@19.2.0",
    `@types/react@${reactTypes}`,
  ])
})

afterAll(async () => {
  await sdk?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

test("publint and attw find no problems", async () => {
  const lint = await runProgram(tool(".bin/publint"), [tarball, "--strict"], { cwd: app })
  expect(lint.stdout).toContain("All good!")
  const rules = ["--profile", "esm-only", "--exclude-entrypoints", "styles.css", "--no-color", "--no-emoji"]
  const types = await runProgram(tool(".bin/attw"), [tarball, ...rules], { cwd: app })
  expect(types.stdout).toContain("OK (ESM)")
})

test(`the scripts are at most ${MAX_BYTES} bytes, without React and the SDK`, async ({ annotate }) => {
  await writeFile(join(app, "all.mjs"), 'export * from "@latchkey/react"')
  const sizeOf = async (entry: string, external: readonly string[]) => {
    const flags = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--loader:.css=css"]
    const { stdout } = await runProgram(
      tool(".bin/esbuild"),
      [entry, ...flags, ...external.map((name) => `--external:${name}`)],
      { cwd: app },
    )
    return gzipSync(stdout, { level: 9 }).length
  }
  const react = ["react", "react/jsx-runtime"]
  const script = await sizeOf("all.mjs", [...react, "@latchkey/sdk"])
  const withSdk = await sizeOf("all.mjs", react)
  const styles = await sizeOf("node_modules/@latchkey/react/dist/styles.css", [])

  const report = `@latchkey/react: ${script} bytes of script, ${withSdk} with the SDK, and ${styles} of styles, minified and gzipped\n`
  process.stdout.write(report)
  await annotate(report)
  expect(script).toBeLessThanOrEqual(MAX_BYTES)
})

test("the package is marked for clients, imports only React and the SDK, and has no styles in its scripts", async () => {
  const dist = join(app, "node_modules/@latchkey/react/dist")
  const [script, types] = await Promise.all(
    ["index.js", "index.d.ts"].map((name) => readFile(join(dist, name), "utf8")),
  )
  const imported = (code = "") =>
    [...new Set([...code.matchAll(/ from ["'](.+?)["']/g)].map(([, id]) => id))].sort()
  expect(script).toMatch(/^"use client"/)
  expect(imported(script)).toEqual(["@latchkey/sdk", "react", "react/jsx-runtime"])
  expect(imported(types)).toEqual(["@latchkey/sdk", "react"])
  expect(script).not.toMatch(/\bstyle: ?\{|innerHTML|insertRule|createElement\("style"/)
})

test("the README's command installs this package", () => {
  expect(codeBlock("packages/react/README.md", "sh")).toBe("npm install @latchkey/react\n")
})

test("the README's examples compile, strictly and without skipLibCheck, and its styles are valid", async () => {
  const examples = codeBlocks("packages/react/README.md", "tsx")
  const names = examples.map((_, index) => `example-${index}.tsx`)
  await Promise.all(examples.map((code, index) => writeFile(join(app, names[index] ?? ""), code)))
  await writeFile(join(app, "styles.d.ts"), 'declare module "*.css" {}\n')
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    jsx: "react-jsx",
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
  }
  await writeFile(
    join(app, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: [...names, "styles.d.ts"] }),
  )
  await runProgram(process.execPath, [tool("typescript/bin/tsc"), "-p", "."], { cwd: app })

  await writeFile(join(app, "example.css"), codeBlock("packages/react/README.md", "css"))
  const { stderr } = await runProgram(tool(".bin/esbuild"), ["example.css", "--outfile=out.css"], {
    cwd: app,
  })
  expect(stderr).not.toContain("warning")
})
