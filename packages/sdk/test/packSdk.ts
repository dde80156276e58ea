import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { codeBlocks, sharedFolder } from "@latchkey/test-postgres"
import { inject } from "vitest"

const sdkFolder = fileURLToPath(new URL("..", import.meta.url))

/** The package as published, in a temporary folder outside the repository. */
export interface PackedSdk extends AsyncDisposable {
  folder: string
  tarball: string
}

export interface Output {
  stdout: string
  stderr: string
}

/** Runs a program. API keys are redacted from its output, which becomes the error's message if it fails. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Output> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { ...options, env: { ...process.env, ...options.env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (!error) return resolve({ stdout: withoutKeys(stdout), stderr: withoutKeys(stderr) })
        reject(new Error(withoutKeys(`${program} ${args.join(" ")}\n${stdout}\n${stderr}`), { cause: error }))
      },
    )
  })
}

const withoutKeys = (text: string) => text.replace(/[0-9a-f]{64}/g, "<key>")

/** Packs the SDK once in a run, and creates a folder for a test file. */
export async function packSdk(): Promise<PackedSdk> {
  const packed = await sharedFolder(inject("runFolder"), "sdk", pack)
  const [tarball = ""] = await readdir(packed)
  const folder = await mkdtemp(join(tmpdir(), "latchkey-sdk-"))
  return {
    folder,
    tarball: join(packed, tarball),
    [Symbol.asyncDispose]: () =>
      rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}

/** Packs the SDK into a folder. Builds it first if the build is older than the sources. */
async function pack(folder: string) {
  if (!(await isBuilt()))
    await runProgram(join(sdkFolder, "node_modules/.bin/tsdown"), [], { cwd: sdkFolder })
  await runProgram("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: sdkFolder })
}

async function isBuilt(): Promise<boolean> {
  const built = await stat(join(sdkFolder, "dist/index.d.cts")).catch(() => undefined)
  if (!built) return false
  const sources = await readdir(join(sdkFolder, "src"), { recursive: true })
  const inputs = ["package.json", "tsdown.config.ts", ...sources.map((name) => join("src", name))]
  const times = await Promise.all(
    inputs
      .filter((name) => !name.includes("test"))
      .map(async (name) => (await stat(join(sdkFolder, name))).mtimeMs),
  )
  return Math.max(...times) <= built.mtimeMs
}

/** Creates an empty project with only these packages installed. */
export async function install(folder: string, packages: readonly string[]): Promise<string> {
  await createProject(folder)
  const options = ["--no-audit", "--no-fund", "--prefer-offline"]
  await runProgram("npm", ["install", ...options, ...packages], { cwd: folder })
  return folder
}

/** As `install`, and in the same layout, with a fifth of the CPU time. For projects with many packages. */
export async function installByPnpm(folder: string, packages: readonly string[]): Promise<string> {
  await createProject(folder)
  const options = ["--prefer-offline", "--ignore-scripts", "--config.node-linker=hoisted"]
  await runProgram(
    "npm",
    ["run", "--silent", "pnpm", "--", "--dir", folder, "add", ...options, ...packages],
    { cwd: join(sdkFolder, "../..") },
  )
  return folder
}

async function createProject(folder: string) {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "package.json"), '{ "private": true }\n')
}

/** The README's examples as modules that call the server at `baseUrl`. */
export const readExamples = (baseUrl: string) =>
  codeBlocks("packages/sdk/README.md", "ts").map((code) => code.replaceAll("http://localhost:3000", baseUrl))

/** Converts a module to a CommonJS module that exports the promise of its completion. */
export const toCommonJs = (code: string) =>
  `module.exports = (async () => {\n${code.replace(/^import (\{.+\}) from (".+")$/gm, "const $1 = require($2)")}\n})()\n`
