import { execFileSync } from "node:child_process"
import { mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Mounts a new in-memory file system with this many bytes. Throws where mounting is not permitted. */
export function mountTmpfs(bytes: number) {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-tmpfs-"))
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=0777`, "tmpfs", folder], {
      stdio: "ignore",
    })
  } catch (error) {
    rmdirSync(folder)
    throw error
  }
  return {
    folder,
    [Symbol.dispose]() {
      execFileSync("umount", ["--lazy", folder])
      rmdirSync(folder)
    },
  }
}

/** Whether this process can mount file systems, which requires root on Linux. */
export function canMountTmpfs(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false
  try {
    mountTmpfs(1_000_000)[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}
