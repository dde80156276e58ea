import { randomBytes } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import bcrypt from "bcrypt"
import { ownerIdOf } from "../src/identities/ownerIdOf.ts"

/** The lowest cost: the tests need many keys, and don't test hashing. */
const BCRYPT_COST = 4

export interface ImportedKey {
  id: string
  key: string
}

/**
 * Writes the row of a key for each owner, as an import does. The keys have no receipts, so the first call with each
 * runs bcrypt and writes one. Owners of other issuers get their rows as well.
 */
export async function importKeys(
  databaseUrl: string,
  named: readonly { issuer: string; subject: string }[],
): Promise<ImportedKey[]> {
  const owners = named.map((owner) => ({ id: ownerIdOf(owner), ...owner }))
  const keys = owners.map(() => randomBytes(32).toString("hex"))
  const rows = await Promise.all(
    keys.map(async (key, index) => ({
      owner_id: owners[index]?.id ?? "",
      created_by: "import",
      lookup_id: key.slice(0, 16),
      key_hash: await bcrypt.hash(key, BCRYPT_COST),
      label: "imported",
    })),
  )
  const sql = connect(databaseUrl)
  try {
    const others = owners.filter(({ issuer }) => issuer !== "latchkey")
    if (others.length > 0) await sql`insert into owners ${sql(others)} on conflict do nothing`
    const stored = await sql<{ id: string; lookup_id: string }[]>`
      insert into api_keys ${sql(rows)} returning id, lookup_id`
    const ids = new Map(stored.map(({ id, lookup_id }) => [lookup_id, id]))
    return keys.map((key) => ({ key, id: ids.get(key.slice(0, 16)) ?? "" }))
  } finally {
    await sql.end()
  }
}
