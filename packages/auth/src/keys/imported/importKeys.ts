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
import { parseJson } from "../../parseJson.ts"
import type { ForeignRow } from "./foreignRow.ts"
import { fromBetterAuth } from "./fromBetterAuth.ts"
import { fromUnkey } from "./fromUnkey.ts"
import { type ImportDefaults, readImportedKey } from "./readImportedKey.ts"
import { readLines } from "./readLines.ts"

/** Few enough for a transaction to end well within its time limit. */
const BATCH = 250

/** If the database could not store a batch in time, the batch is tried again in halves, down to this many keys. */
const SMALLEST_BATCH = 25

/** How often the smallest batch is tried, which takes about a minute. It is stored at most once. */
const TRIES = 15

/** The system that the rows come from. `latchkey`: lines as documented for the command. */
export type ImportFormat = "latchkey" | "better-auth" | "unkey"

export interface ImportOptions extends ImportDefaults {
  format: ImportFormat
  /** The characters of the keys after their prefix, for other formats than `latchkey`. */
  length?: number | undefined
  /** Whether nothing is stored. */
  isTrial: boolean
  /** Called with the number, from 1, of each line that can't be imported, and the reason. */
  onRefused(line: number, reason: string): void
  /** Called after each batch with the number of lines so far. */
  onProgress(lines: number): void
  /** The person who imports, as the audit trail records it. */
  actor?: string | undefined
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
  sameHash: "keyHash: another key here has this hash; each can be imported once",
  tooManyLengths: `start: there are starts of ${MAX_START_LENGTHS} other lengths already`,
  noSuchAccount: "subject: there is no such account",
  ownerErased: "subject: this owner has been erased",
}

/**
 * Imports keys of another system, one line of JSON each, from the chunks of a file, in batches that are stored completely or not at all. To resume an
 * import that was interrupted, import the same file again.
 *
 * @throws {DatabaseUnavailable} when the database stays unavailable. Earlier batches have been stored.
 */
export async function importKeys(
  db: Database,
  chunks: AsyncIterable<Uint8Array>,
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
      const outcomes = await retrying(keys, (some) =>
        importApiKeys(db, { keys: some, trial, requestId, actor: options.actor }),
      )
      outcomes.forEach((outcome, index) => {
        const reason = REFUSALS[outcome]
        if (reason !== undefined) refuse(stored[index]?.line ?? 0, reason)
        else if (outcome === "imported" || outcome === "present" || outcome === "revoked") result[outcome]++
      })
    }
    options.onProgress(result.lines)
  }

  for await (const line of readLines(chunks)) {
    result.lines++
    // An empty line at the end of a file does not count.
    if ("text" in line && line.text.trim() === "") continue
    const read = "refusal" in line ? line : readLine(line.text, options)
    if ("refusal" in read) refuse(result.lines, read.refusal)
    else batch.push({ line: result.lines, key: read.key })
    if (batch.length === BATCH) await store()
  }
  await store()
  return result
}

function readLine(text: string, options: ImportOptions): ReturnType<typeof readImportedKey> {
  let row: unknown
  try {
    row = parseJson(text)
  } catch {
    return { refusal: "expected a line of JSON, with each name once" }
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) return { refusal: "expected an object" }
  if (options.format === "latchkey") return readImportedKey(row, options)
  const line = CONVERSIONS[options.format](row as ForeignRow, options.length)
  return typeof line.refusal === "string" ? { refusal: line.refusal } : readImportedKey(line, options)
}

const CONVERSIONS = { "better-auth": fromBetterAuth, unkey: fromUnkey }

/** @throws {DatabaseUnavailable} when the database stays unavailable. */
async function retrying(
  keys: readonly NewImportedKey[],
  run: (keys: readonly NewImportedKey[]) => Promise<ImportOutcome[]>,
): Promise<ImportOutcome[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await run(keys)
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || tries === TRIES) throw error
      await sleep(1_000)
    }
    if (keys.length > SMALLEST_BATCH) {
      const middle = Math.ceil(keys.length / 2)
      const former = await retrying(keys.slice(0, middle), run)
      return [...former, ...(await retrying(keys.slice(middle), run))]
    }
  }
}
