import {
  type Database,
  findImportedApiKeys,
  findImportedStartLengths,
  type ImportedApiKey,
} from "@latchkey/db"
import { createBatchedRead } from "../../batchedRead.ts"
import { digestOf, MAX_BCRYPT_LENGTH, MIN_SECRET_LENGTH } from "./importedForm.ts"

/** The rows that a presented key may be the key of. */
export interface Candidates {
  rows: readonly ImportedApiKey[]
  /** The lengths of starts that were tried. */
  lengths: readonly number[]
}

/** Finds candidates by reads that begin after the call. */
export interface FindCandidates {
  find(key: string): Promise<Candidates>
  /** Finds them again if there are keys with starts of other lengths than were tried; otherwise resolves to null. */
  findMore(key: string, tried: Candidates): Promise<Candidates | null>
}

/**
 * Of a presented key, the database sees its SHA-256, and its beginnings that have the length of some row's start: never a
 * part that is secret in all keys. So the lengths have to be known first. They rarely change, so a read uses the known ones,
 * and they are read again only for a key that would otherwise be rejected or cost a bcrypt.
 */
export function createFindCandidates(db: Database, onBatch?: (size: number) => void): FindCandidates {
  let known: readonly number[] = []

  const load = createBatchedRead(
    async (keys) => {
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
    },
    ({ key }) => key,
    onBatch,
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

/** Of a row with a SHA-256, the length need not be known exactly. */
const hasLength = (row: ImportedApiKey, key: string) =>
  row.hashKind === "sha256" || row.importedLength === key.length
