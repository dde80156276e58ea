import {
  type Database,
  findImportedApiKeys,
  findImportedStartLengths,
  type ImportedApiKey,
} from "@latchkey/db"
import { createBatchedRead } from "../../batchedRead.ts"
import type { Memory } from "../../memory.ts"
import type { BatchWatch } from "../../observer.ts"
import { fenced } from "../../verdictRead.ts"
import { digestOf, MAX_BCRYPT_LENGTH, MIN_SECRET_LENGTH } from "./importedForm.ts"

/** The rows to which a presented key may belong. */
export interface Candidates {
  rows: readonly ImportedApiKey[]
  /** The lengths of starts that were tried. */
  lengths: readonly number[]
}

/** Finds candidates by reads that begin after the call. */
export interface FindCandidates {
  find(key: string): Promise<Candidates>
  /** Finds them again if keys have starts of other lengths than those tried; otherwise resolves to null. */
  findMore(key: string, tried: Candidates): Promise<Candidates | null>
}

/**
 * The database sees the SHA-256 of a presented key, and its beginnings in each length that some row's start has, but
 * never a part that is secret in all keys. So the lengths have to be known first. They rarely change, so a read uses
 * the known ones. They are read again only for a key that would otherwise be rejected or cost a bcrypt.
 */
export function createFindCandidates({
  db,
  memory,
  watch,
}: {
  db: Database
  memory?: Memory | undefined
  watch?: BatchWatch | undefined
}): FindCandidates {
  let known: readonly number[] = []

  const load = createBatchedRead(
    fenced(memory, async (keys: readonly string[]) => {
      const lengths = known
      const wanted = keys.map((key) => ({ key, found: [...startsOf(key, lengths), digestOf(key)] }))
      const rows = await findImportedApiKeys(db, {
        starts: [...new Set(wanted.flatMap(({ found }) => found.slice(0, -1)))],
        digests: wanted.flatMap(({ found }) => found.slice(-1)),
      })
      const rowsOf = groupRows(rows)
      return wanted.map(({ key, found }) => ({
        ...{ key, lengths },
        rows: found.flatMap((by) => rowsOf.get(by) ?? []).filter((row) => hasLength(row, key)),
      }))
    }),
    ({ key }) => key,
    watch,
  )

  const loadLengths = createBatchedRead(
    async ([id = ""]) => [{ id, lengths: await findImportedStartLengths(db, {}) }],
    ({ id }) => id,
  )

  async function find(key: string): Promise<Candidates> {
    return (await load(key)) ?? { rows: [], lengths: [] }
  }

  return {
    find,
    async findMore(key, { lengths: tried }) {
      known = (await loadLengths("lengths"))?.lengths ?? []
      return known.every((length) => tried.includes(length)) ? null : find(key)
    },
  }
}

const startsOf = (key: string, lengths: readonly number[]) =>
  key.length > MAX_BCRYPT_LENGTH
    ? []
    : lengths
        .filter((length) => length <= key.length - MIN_SECRET_LENGTH)
        .map((length) => key.slice(0, length))

/** By their start or SHA-256. */
function groupRows(rows: readonly ImportedApiKey[]): Map<string, ImportedApiKey[]> {
  const groups = new Map<string, ImportedApiKey[]>()
  for (const row of rows) {
    const by = row.hashKind === "bcrypt" ? row.importedStart : row.keyHash
    groups.set(by, [...(groups.get(by) ?? []), row])
  }
  return groups
}

/** For a row with a SHA-256, the length need not be known exactly. */
const hasLength = (row: ImportedApiKey, key: string) =>
  row.hashKind === "sha256" || row.importedLength === key.length
