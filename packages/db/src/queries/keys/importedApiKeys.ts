import { and, eq, isNull, sql } from "drizzle-orm"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { prepareOnce } from "../../prepareOnce.ts"
import { query } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { apiKeyCounters } from "../../schema/keyCounts.ts"
import { owners } from "../../schema/owners.ts"
import { isCounterOfKey, type VerifiableApiKey, verifiableColumns } from "./verifiableApiKeys.ts"

/** The fields that verifying an imported key needs. */
export interface ImportedApiKey extends VerifiableApiKey {
  importedStart: string
  importedLength: number
  hashKind: "bcrypt" | "sha256"
}

const importedColumns = {
  ...verifiableColumns,
  importedStart: sql<string>`${apiKeys.importedStart}`,
  importedLength: sql<number>`${apiKeys.importedLength}`,
  hashKind: apiKeys.hashKind,
}

/** Starts consist of visible ASCII characters, so none contains a line break. */
const values = (name: string) => sql`string_to_array(${sql.placeholder(name)}, E'\n')`

/** Each kind of hash has its own index, which a condition with `or` might not use. */
const idsOfCandidates = sql`array(
  select id from ${apiKeys} where imported_start is not null and hash_kind = 'bcrypt' and revoked_at is null
    and (imported_start collate "C") = any(${values("starts")})
  union all
  select id from ${apiKeys} where hash_kind = 'sha256' and revoked_at is null and key_hash = any(${values("digests")}))`

const importedApiKeys = prepareOnce((db) =>
  db
    .select(importedColumns)
    .from(apiKeys)
    .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
    .leftJoin(apiKeyCounters, isCounterOfKey)
    .where(and(onPrimary, sql`${apiKeys.id} = any(${idsOfCandidates})`, isNull(apiKeys.revokedAt)))
    .prepare("imported_api_keys"),
)

/**
 * Returns the imported keys with a bcrypt hash and one of the starts, or with one of the SHA-256 hashes, that are not
 * revoked now. They may have expired, or be of a disabled owner.
 */
export const findImportedApiKeys = query(
  async (
    db,
    { starts, digests }: { starts: readonly string[]; digests: readonly string[] },
  ): Promise<ImportedApiKey[]> =>
    importedApiKeys(db).execute({ starts: starts.join("\n"), digests: digests.join("\n") }),
)

/** Jumps from each length to the next longer one, so it reads as many entries of the index as there are lengths. */
const startLengths = sql`(
  with recursive lengths as (
    (select length(imported_start) as length from ${apiKeys}
      where imported_start is not null and hash_kind = 'bcrypt' and revoked_at is null
      order by length(imported_start) limit 1)
    union all
    select (select length(k.imported_start) from ${apiKeys} k
      where k.imported_start is not null and k.hash_kind = 'bcrypt' and k.revoked_at is null
        and length(k.imported_start) > lengths.length
      order by length(k.imported_start) limit 1)
    from lengths where lengths.length is not null
  )
  select length from lengths where length is not null) as found`

/** The different lengths of the starts by which imported keys are found, in ascending order. */
export const findImportedStartLengths = query(async (db, _params: object): Promise<number[]> => {
  const rows = await db.select({ length: sql<number>`found.length` }).from(startLengths).where(onPrimary)
  return rows.map(({ length }) => length).sort((a, b) => a - b)
})
