import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { sharedFolder } from "@latchkey/test-postgres"
import { inject } from "vitest"
import { runProgram } from "../../sdk/test/packSdk.ts"

const serverFolder = fileURLToPath(new URL("..", import.meta.url))

/** Packs the last build once in a run, as it is published, and creates a folder outside the repository for a test file. */
export async function packServer() {
  const packed = await sharedFolder(inject("runFolder"), "server", pack)
  const [tarball = ""] = await readdir(packed)
  const folder = await mkdtemp(join(tmpdir(), "latchkey-server-"))
  return {
    folder,
    tarball: join(packed, tarball),
    [Symbol.asyncDispose]: () =>
      rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}

/** pnpm replaces `catalog:` and `workspace:`, and applies `publishConfig`. */
const pack = (folder: string) =>
  runProgram(
    "npm",
    ["run", "--silent", "pnpm", "--", "--dir", serverFolder, "pack", "--pack-destination", folder],
    { cwd: join(serverFolder, "../..") },
  )
