import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { runProgram } from "../../sdk/test/packSdk.ts"

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** The packages of others in the scripts of a folder, by their source maps. */
async function bundledIn(folder: string): Promise<string[]> {
  const maps = (await readdir(folder)).filter((name) => name.endsWith(".map"))
  const sources = await Promise.all(
    maps.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")).sources as string[]),
  )
  return sources.flat().flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? [])
}

test("the licenses of all bundled packages are in the package, those of the dashboard's too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-dashboard-"))
  try {
    const dashboard = path("../../../apps/dashboard")
    const options = ["build", "--logLevel", "warn", "--sourcemap", "--outDir", folder]
    await runProgram(join(dashboard, "node_modules/.bin/vite"), options, { cwd: dashboard })
    const bundled = [...(await bundledIn(path("../dist"))), ...(await bundledIn(join(folder, "assets")))]
    expect(bundled).toContain("react")
    const licenses = await readFile(path("../THIRD-PARTY-LICENSES.md"), "utf8")
    const named = [...licenses.matchAll(/^## (.+)$/gm)].flatMap(([, names = ""]) => names.split(", "))
    expect([...new Set(bundled)].filter((name) => !named.includes(name))).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
