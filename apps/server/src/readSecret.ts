import { randomBytes } from "node:crypto"
import { open, readFile, rename } from "node:fs/promises"
import { join } from "node:path"
import { EnvError } from "./env.ts"

/**
 * The secret of an embedded database, made on first use and kept beside it, readable by its owner alone. The
 * caller holds the folder's lock. Losing it voids access tokens and costs each key one bcrypt; no session and no key
 * dies of it.
 */
export async function readSecret(folder: string): Promise<string> {
  const path = join(folder, "auth-secret")
  try {
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
  const file = await open(`${path}.unfinished`, "w", 0o600)
  try {
    await file.writeFile(`${secret}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.unfinished`, path)
  return secret
}
