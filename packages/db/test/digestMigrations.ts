import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { migrationsFolder } from "../src/migrationsFolder.ts"

/** A digest of all migrations, to name what they have produced. */
export async function digestMigrations(): Promise<string> {
  const hash = createHash("sha256")
  for (const name of (await readdir(migrationsFolder)).sort()) {
    if (name.endsWith(".sql")) hash.update(name).update(await readFile(join(migrationsFolder, name)))
  }
  return hash.digest("hex").slice(0, 16)
}
