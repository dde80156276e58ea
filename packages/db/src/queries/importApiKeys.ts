import { and, count, inArray, isNull, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { write } from "../query.ts"
import { apiKeys, auditEvents, owners } from "../schema.ts"
import { type ApiKeySettings, checksOf, settingsColumns } from "./apiKeys.ts"
import { findImportedStartLengths } from "./importedApiKeys.ts"
import { OWN_ISSUER, type OwnerIdentity } from "./ownerColumns.ts"

/** How many keys that a bcrypt may have to tell apart can begin alike. */
export const MAX_KEYS_OF_START = 5

/** How many lengths of starts a presented key may have to be tried with. */
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
  | "tooManyOfStart"
  | "tooManyLengths"
  | "noSuchAccount"
  | "ownerErased"

/** What a trial has found importable so far, as it leaves no rows. */
export interface Trial {
  ids: Set<string>
  starts: Map<string, number>
  lengths: Set<number>
}

export const newTrial = (): Trial => ({ ids: new Set(), starts: new Map(), lengths: new Set() })

/**
 * Stores imported keys that are not there yet, in one transaction, and records them in the owners' audit trails. Imports
 * take turns, so that they can't exceed the limits for starts together.
 *
 * @param params.keys few enough for a statement: up to 1,000.
 * @param params.trial if there is one, nothing is stored.
 * @returns what became of each key.
 */
export const importApiKeys = write(
  async (
    db,
    {
      keys,
      trial,
      requestId,
    }: { keys: readonly NewImportedKey[]; trial?: Trial | undefined; requestId: string },
  ): Promise<ImportOutcome[]> =>
    db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('latchkey import', 0))`)
      const limits = await readLimits(tx, keys, trial)
      const known = await readKnown(tx, keys)
      const refusals = await readRefusedOwners(tx, keys)
      const seen = new Set<string>()
      const outcomes = keys.map((key): ImportOutcome => {
        const before =
          known.get(key.id) ?? (seen.has(key.id) || trial?.ids.has(key.id) ? "present" : undefined)
        const outcome = before ?? refusals.get(key.owner.id) ?? limits.admit(key) ?? "imported"
        if (outcome === "imported") seen.add(key.id)
        return outcome
      })
      if (trial) for (const id of seen) trial.ids.add(id)
      else
        await store(
          tx,
          keys.filter((_, index) => outcomes[index] === "imported"),
          requestId,
        )
      return outcomes
    }),
)

/** The keys that are here already. Their rows remain when they are revoked. */
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
async function readLimits(tx: Database, keys: readonly NewImportedKey[], trial: Trial | undefined) {
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
  const ofStart = trial?.starts ?? new Map<string, number>()
  const stored = new Map(rows.map((row) => [row.start, row.keys]))
  const lengths = trial?.lengths ?? new Set<number>()
  for (const length of await findImportedStartLengths(tx, {})) lengths.add(length)

  return {
    /** Counts a key, unless it would be one too many. */
    admit({ importedStart: start, hashKind }: NewImportedKey): ImportOutcome | undefined {
      if (hashKind !== "bcrypt") return undefined
      if (!lengths.has(start.length) && lengths.size >= MAX_START_LENGTHS) return "tooManyLengths"
      const added = ofStart.get(start) ?? 0
      if (added + (stored.get(start) ?? 0) >= MAX_KEYS_OF_START) return "tooManyOfStart"
      ofStart.set(start, added + 1)
      lengths.add(start.length)
      return undefined
    },
  }
}

async function store(tx: Database, keys: readonly NewImportedKey[], requestId: string) {
  if (keys.length === 0) return
  const external = new Map(keys.map(({ owner }) => [owner.id, owner]))
  const rows = [...external.values()].filter(({ issuer }) => issuer !== OWN_ISSUER)
  rows.sort((a, b) => (a.id < b.id ? -1 : 1))
  if (rows.length > 0) await tx.insert(owners).values(rows).onConflictDoNothing()
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
      credentialId: null,
      address: null,
      device: null,
      requestId,
      subjectId: id,
      subjectLabel: label,
    })),
  )
}
