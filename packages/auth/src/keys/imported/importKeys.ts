import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import {
  type Database,
  DatabaseUnavailable,
  type ImportOutcome,
  importApiKeys,
  MAX_KEYS_OF_START,
  MAX_START_LENGTHS,
  type NewImportedKey,
  newTrial,
} from "@latchkey/db"
import type { ForeignRow } from "./foreignRow.ts"
import { fromBetterAuth } from "./fromBetterAuth.ts"
import { fromUnkey } from "./fromUnkey.ts"
import { type ImportDefaults, readImportedKey } from "./readImportedKey.ts"

/** Few enough for a transaction to end well within its time limit. */
const BATCH = 250

/** Longer lines are no keys. */
const MAX_LINE = 65_536

/** How often a batch is tried that the database can't take at the moment. It is stored once, if at all. */
const TRIES = 5

/** Whose rows the lines are; `latchkey`: as documented for the command. */
export type ImportFormat = "latchkey" | "better-auth" | "unkey"

export interface ImportOptions extends ImportDefaults {
  format: ImportFormat
  /** The characters of the keys after their prefix, for other formats than `latchkey`. */
  length?: number | undefined
  /** Whether nothing is stored. */
  isTrial: boolean
  /** Called with each line that can't be imported, by its number from 1, and why. */
  onRefused(line: number, reason: string): void
  /** Called after each batch with the number of lines so far. */
  onProgress(lines: number): void
}

export interface ImportResult {
  lines: number
  imported: number
  /** Imported before. */
  present: number
  /** Imported before, and revoked since then. They stay revoked. */
  revoked: number
  refused: number
}

const REFUSALS: Partial<Record<ImportOutcome, string>> = {
  tooManyOfStart: `start: there are ${MAX_KEYS_OF_START} keys with this start already; give more characters of it`,
  tooManyLengths: `start: there are starts of ${MAX_START_LENGTHS} other lengths already`,
  noSuchAccount: "subject: there is no such account",
  ownerErased: "subject: this owner has been erased",
}

/**
 * Imports keys of another system, one line of JSON each, in batches that are stored completely or not at all. To resume an
 * import that was interrupted, import the same file again.
 *
 * @throws {DatabaseUnavailable} when the database stays unavailable. Earlier batches have been stored.
 */
export async function importKeys(
  db: Database,
  lines: AsyncIterable<string>,
  options: ImportOptions,
): Promise<ImportResult> {
  const result: ImportResult = { lines: 0, imported: 0, present: 0, revoked: 0, refused: 0 }
  const trial = options.isTrial ? newTrial() : undefined
  const requestId = randomUUID()
  let batch: { line: number; key: NewImportedKey }[] = []

  function refuse(line: number, reason: string) {
    result.refused++
    options.onRefused(line, reason)
  }

  async function store() {
    const stored = batch
    batch = []
    if (stored.length > 0) {
      const keys = stored.map(({ key }) => key)
      const outcomes = await retrying(() => importApiKeys(db, { keys, trial, requestId }))
      outcomes.forEach((outcome, index) => {
        const reason = REFUSALS[outcome]
        if (reason !== undefined) refuse(stored[index]?.line ?? 0, reason)
        else if (outcome === "imported" || outcome === "present" || outcome === "revoked") result[outcome]++
      })
    }
    options.onProgress(result.lines)
  }

  for await (const text of lines) {
    result.lines++
    // An empty line at the end of a file is none.
    if (text.trim() === "") continue
    const read = readLine(text, options)
    if ("refusal" in read) refuse(result.lines, read.refusal)
    else batch.push({ line: result.lines, key: read.key })
    if (batch.length === BATCH) await store()
  }
  await store()
  return result
}

function readLine(text: string, options: ImportOptions): ReturnType<typeof readImportedKey> {
  if (text.length > MAX_LINE) return { refusal: "expected a line of at most 64 KiB" }
  let row: unknown
  try {
    row = JSON.parse(text)
  } catch {
    return { refusal: "expected a line of JSON" }
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) return { refusal: "expected an object" }
  if (options.format === "latchkey") return readImportedKey(row, options)
  const line = CONVERSIONS[options.format](row as ForeignRow, options.length)
  return typeof line.refusal === "string" ? { refusal: line.refusal } : readImportedKey(line, options)
}

const CONVERSIONS = { "better-auth": fromBetterAuth, unkey: fromUnkey }

async function retrying<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || tries === TRIES) throw error
      await sleep(1_000)
    }
  }
}
