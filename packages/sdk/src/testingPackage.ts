import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

const sdkFolder = fileURLToPath(new URL("..", import.meta.url))

/** A folder outside the repository, and the package as it would be published in it. */
export interface PackedSdk extends AsyncDisposable {
  folder: string
  tarball: string
}

export interface Ran {
  stdout: string
  stderr: string
}

/** Runs a program; what it prints is in the error when it fails, without the keys in it. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { ...options, env: { ...process.env, ...options.env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (!error) return resolve({ stdout: withoutKeys(stdout), stderr: withoutKeys(stderr) })
        reject(new Error(withoutKeys(`${program} ${args.join(" ")}\n${stdout}\n${stderr}`)))
      },
    )
  })
}

const withoutKeys = (text: string) => text.replace(/[0-9a-f]{64}/g, "<key>")

/** Packs the SDK, built first where the build is older than the source. */
export async function packSdk(): Promise<PackedSdk> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-sdk-"))
  if (!(await isBuilt())) await run(join(sdkFolder, "node_modules/.bin/tsdown"), [], { cwd: sdkFolder })
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: sdkFolder,
  })
  const [packed] = JSON.parse(stdout) as [{ filename: string }]
  return {
    folder,
    tarball: join(folder, packed.filename),
    [Symbol.asyncDispose]: () =>
      rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}

async function isBuilt(): Promise<boolean> {
  const built = await stat(join(sdkFolder, "dist/index.d.cts")).catch(() => undefined)
  if (!built) return false
  const sources = await readdir(join(sdkFolder, "src"))
  const inputs = ["package.json", "tsdown.config.ts", ...sources.map((name) => join("src", name))]
  const times = await Promise.all(
    inputs
      .filter((name) => !name.includes("test"))
      .map(async (name) => (await stat(join(sdkFolder, name))).mtimeMs),
  )
  return Math.max(...times) <= built.mtimeMs
}

/** An empty project with these packages installed, and nothing else in it. */
export async function install(folder: string, packages: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "package.json"), '{ "private": true }\n')
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], { cwd: folder })
  return folder
}

/** The README's examples, as modules for a server at `baseUrl`. */
export async function readExamples(baseUrl: string): Promise<string[]> {
  const readme = await readFile(join(sdkFolder, "README.md"), "utf8")
  return [...readme.matchAll(/```ts\n([^`]+(?:`[^`]+)*?)```/g)].map(([, code = ""]) =>
    code.replaceAll("http://localhost:3000", baseUrl),
  )
}

/** A module as a CommonJS script that ends when its promise does. */
export const toCommonJs = (code: string) =>
  `module.exports = (async () => {\n${code.replace(/^import (\{.+\}) from (".+")$/gm, "const $1 = require($2)")}\n})()\n`

/** Chromium as it is found: `CHROMIUM_PATH`, or on the path. */
export async function findChromium(): Promise<string | undefined> {
  const folders = (process.env.PATH ?? "").split(delimiter)
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  for (const path of [process.env.CHROMIUM_PATH ?? "", ...candidates]) {
    if (path && (await stat(path).catch(() => undefined))) return path
  }
  return undefined
}
