import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { runProgram } from "../../sdk/test/packSdk.ts"

const serverFolder = fileURLToPath(new URL("..", import.meta.url))

/** Packs the last build, as it is published, in a temporary folder outside the repository. */
export async function packServer() {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-server-"))
  // pnpm replaces `catalog:` and `workspace:`, and applies `publishConfig`.
  await runProgram(
    "npm",
    ["run", "--silent", "pnpm", "--", "--dir", serverFolder, "pack", "--pack-destination", folder],
    {
      cwd: join(serverFolder, "../.."),
    },
  )
  const [tarball = ""] = await readdir(folder)
  return {
    folder,
    tarball: join(folder, tarball),
    [Symbol.asyncDispose]: () =>
      rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}
