import { randomBytes } from "node:crypto"
import { lstat, open, readFile, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { secret } from "@latchkey/server/internal"
import { EnvError } from "../env.ts"
import type { Log } from "../log.ts"

/** More than a secret has, with a byte order mark and a line break. */
const MAX_BYTES = 100

/**
 * Reads the secret of an embedded database, which is stored beside it and readable only by its owner. Generates it on
 * first use. The caller must hold the folder's lock. Losing the secret invalidates access tokens and costs one bcrypt per
 * key, but ends no session and no key.
 *
 * @throws {EnvError} if the file does not contain 64 hex characters, or is a link to a file that is not there.
 */
export async function readSecret(folder: string, log: Log): Promise<string> {
  const path = join(folder, "auth-secret")
  const unusable = new EnvError([
    `DATA_DIR: expected 64 hex characters in ${path}; restore the file, or remove it to generate a new secret`,
  ])
  try {
    // Opening a named pipe would wait for a writer, and a device may have no end.
    const found = await stat(path)
    if (!found.isFile() || found.size > MAX_BYTES) throw unusable
    await restrictToOwner(path, log)
    const text = (await readFile(path, "utf8")).trim()
    // A full disk or a careless restore can leave an empty file, and anybody could guess an empty secret.
    if (!/^[0-9a-f]{64}$/.test(text) || !secret.safeParse(text).success) throw unusable
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    // A new secret would replace a link to a disk that is not mounted yet.
    if (await isThere(path)) throw unusable
  }
  const generated = randomBytes(32).toString("hex")
  // An existing file would keep its permissions.
  await rm(`${path}.unfinished`, { force: true })
  const file = await open(`${path}.unfinished`, "wx", 0o600)
  try {
    await file.writeFile(`${generated}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.unfinished`, path)
  return generated
}

const isThere = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )

async function restrictToOwner(path: string, log: Log) {
  const file = await open(path, "r")
  try {
    const { mode } = await file.stat()
    if ((mode & 0o077) === 0) return
    await file.chmod(0o600)
    log.warn(
      `${path} was open to other users of this machine and no longer is; remove it if any of them may have read it`,
    )
  } finally {
    await file.close()
  }
}
