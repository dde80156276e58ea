import { randomBytes, randomUUID } from "node:crypto"
import type { Database } from "@latchkey/db"
import bcrypt from "bcrypt"
import { type ImportOptions, importKeys } from "../src/keys/imported/importKeys.ts"
import type { ImportLine } from "../src/keys/imported/readImportedKey.ts"

/** A key of another system: `sk_live_`, 8 characters that are not secret, and 24 secret ones. */
export const newForeignKey = () =>
  `sk_live_${randomBytes(4).toString("hex")}${randomBytes(12).toString("hex").toUpperCase()}`

/** A line with the bcrypt of a key, at the lowest cost. */
export const lineOf = async (key: string, values: Partial<ImportLine> = {}): Promise<ImportLine> => ({
  subject: `org_${randomUUID()}`,
  label: "old key",
  keyHash: await bcrypt.hash(key, 4),
  start: key.slice(0, 16),
  keyLength: key.length,
  ...values,
})

/** Imports lines, given as objects or as the text of a line. */
export async function importLines(
  db: Database,
  lines: readonly unknown[],
  options: Partial<ImportOptions> = {},
) {
  const refusals: string[] = []
  async function* chunks() {
    for (const line of lines) yield Buffer.from(`${typeof line === "string" ? line : JSON.stringify(line)}\n`)
  }
  const result = await importKeys(db, chunks(), {
    format: "latchkey",
    issuer: "host",
    scopes: undefined,
    isTrial: false,
    onRefused: (line, reason) => refusals.push(`${line} ${reason}`),
    onProgress() {},
    ...options,
  })
  return { ...result, refusals }
}
