import { randomBytes } from "node:crypto"
import { open, readFile, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { EnvError } from "./env.ts"
import type { Log } from "./log.ts"

/**
 * The secret of an embedded database, made on first use and kept beside it, readable by its owner alone. The
 * caller holds the folder's lock. Losing it voids access tokens and costs each key one bcrypt; no session and no key
 * dies of it.
 */
export async function readSecret(folder: string, log: Log): Promise<string> {
  const path = join(folder, "auth-secret")
  try {
    await closeToOthers(path, log)
    const secret = (await readFile(path, "utf8")).trim()
    // An empty file is what a full disk or a careless restore leaves, and a secret that anybody can guess.
    if (!/^[0-9a-f]{64}$/.test(secret)) {
      throw new EnvError([
        `DATA_DIR: expected 64 hex characters in ${path}; restore it, or remove it to have a new one made`,
      ])
    }
    return secret
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
  }
  const secret = randomBytes(32).toString("hex")
  // An open file of that name would keep its rights.
  await rm(`${path}.unfinished`, { force: true })
  const file = await open(`${path}.unfinished`, "wx", 0o600)
  try {
    await file.writeFile(`${secret}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.unfinished`, path)
  return secret
}

async function closeToOthers(path: string, log: Log) {
  const file = await open(path, "r")
  try {
    const { mode } = await file.stat()
    if ((mode & 0o077) === 0) return
    await file.chmod(0o600)
    log.warn(
      `${path} was open to other users of this machine and no longer is; if any of them may have read it, remove it`,
    )
  } finally {
    await file.close()
  }
}
