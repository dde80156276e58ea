import { and, count, inArray, isNull, sql } from "drizzle-orm"
import type { Database } from "../../database.ts"
import { write } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { auditEvents } from "../../schema/auditEvents.ts"
import { owners } from "../../schema/owners.ts"
import { OWN_ISSUER, type OwnerIdentity } from "../owners/ownerColumns.ts"
import { type ApiKeySettings, checksOf, settingsColumns } from "./apiKeys.ts"
import { findImportedStartLengths } from "./importedApiKeys.ts"

/** The maximum number of keys with a bcrypt hash and the same start. */
export const MAX_KEYS_OF_START = 5

/** The maximum number of different lengths of starts, with each of which a presented key has to be looked up. */
export const MAX_START_LENGTHS = 8

/** A key of another system. */
export interface NewImportedKey extends ApiKeySettings {
  /** Derived from what identifies the key in its file, so that a second import finds it. */
  id: string
  owner: OwnerIdentity
  createdBy: string
  importedStart: string
  importedLength: number
  hashKind: "bcrypt" | "sha256"
  keyHash: string
  disabled: boolean
  createdAt: Date | null
  lastUsedAt: Date | null
}

/** Why a key was not imported, or whether it was. `present` and `revoked`: by an earlier import, and since then. */
export type ImportOutcome =
  | "imported"
  | "present"
  | "revoked"
  | "sameHash"
  | "tooManyOfStart"
  | "tooManyLengths"
  | "noSuchAccount"
  | "ownerErased"

/** The keys that a dry run has found importable so far, because it leaves no rows. */
export interface Trial {
  ids: Set<string>
  hashes: Set<string>
  starts: Map<string, number>
  lengths: Set<number>
}

export const newTrial = (): Trial => ({
  ...{ ids: new Set(), hashes: new Set(), starts: new Map(), lengths: new Set() },
})

/**
 * Stores imported keys that are not there yet, in one transaction, and records them in the owners' audit trails. Imports
 * take turns, so that they can't exceed the limits for starts together.
 *
 * @param params.keys few enough for a statement: up to 1,000.
 * @param params.trial if set, nothing is stored.
 * @returns the outcome for each key.
 */
export const importApiKeys = write(
  async (
    db,
    {
      keys,
      trial,
      requestId,
      actor,
    }: {
      keys: readonly NewImportedKey[]
      trial?: Trial | undefined
      requestId: string
      /** The person who imports them, as the trail records it. */
      actor?: string | undefined
    },
  ): Promise<ImportOutcome[]> => {
    const { outcomes, found } = await db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('latchkey import', 0))`)
      const found = newTrial()
      const limits = await readLimits(tx, keys, { trial, found })
      const known = await readKnown(tx, keys)
      const refusals = await readRefusedOwners(tx, keys)
      const hashes = await readHashes(tx, keys)
      const isTwice = ({ keyHash }: NewImportedKey) =>
        [hashes, found.hashes, trial?.hashes].some((known) => known?.has(sameForm(keyHash)))
      const outcomes = keys.map((key): ImportOutcome => {
        const before =
          known.get(key.id) ?? (found.ids.has(key.id) || trial?.ids.has(key.id) ? "present" : undefined)
        const refusal = refusals.get(key.owner.id) ?? (isTwice(key) ? "sameHash" : limits.admit(key))
        const outcome = before ?? refusal ?? "imported"
        if (outcome === "imported") {
          found.ids.add(key.id)
          found.hashes.add(sameForm(key.keyHash))
        }
        return outcome
      })
      if (trial) return { outcomes, found }
      await storeOwners(tx, admitted(keys, outcomes))
      // An owner without a row could not be locked, and may have been erased before they were first seen.
      const refusedNow = await readRefusedOwners(tx, admitted(keys, outcomes))
      const final = outcomes.map((outcome, index) =>
        outcome === "imported" ? (refusedNow.get(keys[index]?.owner.id ?? "") ?? outcome) : outcome,
      )
      await store(tx, admitted(keys, final), { requestId, actor })
      return { outcomes: final, found }
    })
    // Only now, as the transaction may have run more than once.
    if (trial) addTo(trial, found)
    return outcomes
  },
)

function addTo(trial: Trial, found: Trial): void {
  for (const id of found.ids) trial.ids.add(id)
  for (const hash of found.hashes) trial.hashes.add(hash)
  for (const length of found.lengths) trial.lengths.add(length)
  for (const [start, keys] of found.starts) trial.starts.set(start, keys + (trial.starts.get(start) ?? 0))
}

const admitted = (keys: readonly NewImportedKey[], outcomes: readonly ImportOutcome[]) =>
  keys.filter((_, index) => outcomes[index] === "imported")

/** The keys that have already been imported. Their rows remain when they are revoked. */
async function readKnown(tx: Database, keys: readonly NewImportedKey[]) {
  const rows = await tx
    .select({ id: apiKeys.id, revokedAt: apiKeys.revokedAt })
    .from(apiKeys)
    .where(
      inArray(
        apiKeys.id,
        keys.map(({ id }) => id),
      ),
    )
  return new Map(
    rows.map(({ id, revokedAt }) => [id, revokedAt ? ("revoked" as const) : ("present" as const)]),
  )
}

/**
 * The hashes among these that an active key has. If two rows had the same key, it would still be accepted after one
 * of them is revoked.
 */
async function readHashes(tx: Database, keys: readonly NewImportedKey[]) {
  const hashes = new Set<string>()
  const listOf = (kind: NewImportedKey["hashKind"], field: "keyHash" | "importedStart") => {
    const ofKind = keys.filter(({ hashKind }) => hashKind === kind)
    const values = ofKind.flatMap((key) => (field === "keyHash" ? spellingsOf(key.keyHash) : key[field]))
    return sql`any(string_to_array(${values.join("\n")}, E'\n'))`
  }
  // Each condition has its own index.
  const conditions = [
    sql`hash_kind = 'sha256' and key_hash = ${listOf("sha256", "keyHash")}`,
    sql`imported_start is not null and hash_kind = 'bcrypt' and key_hash = ${listOf("bcrypt", "keyHash")}
      and (imported_start collate "C") = ${listOf("bcrypt", "importedStart")}`,
  ]
  for (const condition of conditions) {
    const rows = await tx
      .select({ hash: sql<string>`${apiKeys.keyHash}` })
      .from(apiKeys)
      .where(and(condition, isNull(apiKeys.revokedAt)))
    for (const { hash } of rows) hashes.add(sameForm(hash))
  }
  return hashes
}

/** bcrypt has two names for the same hash of texts as short as a key. */
const sameForm = (keyHash: string) => keyHash.replace(/^\$2a\$/, "$$2b$$")

const spellingsOf = (keyHash: string) => [
  ...new Set([keyHash, sameForm(keyHash), keyHash.replace(/^\$2b\$/, "$$2a$$")]),
]

/** Locks the owners that have a row, and returns the ones that can't have keys. */
async function readRefusedOwners(tx: Database, keys: readonly NewImportedKey[]) {
  const named = new Map(keys.map(({ owner }) => [owner.id, owner]))
  const rows = await tx
    .select({ id: owners.id, issuer: owners.issuer, erasedAt: owners.erasedAt })
    .from(owners)
    .where(inArray(owners.id, [...named.keys()]))
    // In the order in which other transactions lock them.
    .orderBy(owners.id)
    .for("no key update")
  const found = new Map(rows.map((row) => [row.id, row]))
  const refused = new Map<string, ImportOutcome>()
  for (const { id, issuer } of named.values()) {
    const row = found.get(id)
    if (issuer === OWN_ISSUER && row?.issuer !== OWN_ISSUER) refused.set(id, "noSuchAccount")
    else if (row?.erasedAt) refused.set(id, "ownerErased")
  }
  return refused
}

/** The limits for keys that are found by their starts. */
async function readLimits(
  tx: Database,
  keys: readonly NewImportedKey[],
  { trial, found }: { trial: Trial | undefined; found: Trial },
) {
  const starts = new Set(keys.filter(({ hashKind }) => hashKind === "bcrypt").map((key) => key.importedStart))
  const rows = await tx
    .select({ start: sql<string>`${apiKeys.importedStart}`, keys: count() })
    .from(apiKeys)
    .where(
      and(
        sql`(imported_start collate "C") = any(string_to_array(${[...starts].join("\n")}, E'\n'))`,
        sql`imported_start is not null and hash_kind = 'bcrypt'`,
        isNull(apiKeys.revokedAt),
      ),
    )
    .groupBy(apiKeys.importedStart)
  const stored = new Map(rows.map((row) => [row.start, row.keys]))
  const lengths = new Set([...(trial?.lengths ?? []), ...(await findImportedStartLengths(tx, {}))])

  return {
    /** Counts a key, unless that would exceed the limit. */
    admit({ importedStart: start, hashKind }: NewImportedKey): ImportOutcome | undefined {
      if (hashKind !== "bcrypt") return undefined
      if (!lengths.has(start.length) && lengths.size >= MAX_START_LENGTHS) return "tooManyLengths"
      const added = found.starts.get(start) ?? 0
      const before = (stored.get(start) ?? 0) + (trial?.starts.get(start) ?? 0)
      if (before + added >= MAX_KEYS_OF_START) return "tooManyOfStart"
      found.starts.set(start, added + 1)
      found.lengths.add(start.length)
      lengths.add(start.length)
      return undefined
    },
  }
}

/** Inserts the rows of owners without an own account who have none. */
async function storeOwners(tx: Database, keys: readonly NewImportedKey[]) {
  const external = new Map(keys.map(({ owner }) => [owner.id, owner]))
  const rows = [...external.values()].filter(({ issuer }) => issuer !== OWN_ISSUER)
  rows.sort((a, b) => (a.id < b.id ? -1 : 1))
  if (rows.length > 0) await tx.insert(owners).values(rows).onConflictDoNothing()
}

async function store(
  tx: Database,
  keys: readonly NewImportedKey[],
  { requestId, actor }: { requestId: string; actor: string | undefined },
) {
  if (keys.length === 0) return
  await tx.insert(apiKeys).values(
    keys.map(({ owner, disabled, createdAt, ...key }) => ({
      ...key,
      ...settingsColumns(key),
      ownerId: owner.id,
      checks: [...checksOf({ ...key, disabled }), "imported"],
      disabledAt: disabled ? sql`now()` : null,
      createdAt: createdAt ?? sql`now()`,
    })),
  )
  await tx.insert(auditEvents).values(
    keys.map(({ id, label, owner }) => ({
      ownerId: owner.id,
      kind: "apiKeyImported" as const,
      via: "server" as const,
      actor,
      credentialId: null,
      address: null,
      device: null,
      requestId,
      subjectId: id,
      subjectLabel: label,
    })),
  )
}
