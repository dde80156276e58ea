import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { quoteIdentifier } from "../schemaName.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"
import { grantee } from "./grantee.ts"

/**
 * Creates the schema where the tables belong, if it does not exist yet. Default privileges can give other roles
 * rights on new schemas; they are revoked. Rights that an operator has granted on an existing schema stay.
 *
 * @throws {DatabaseUnusable} when this role may not create it, or not create tables in it.
 */
export async function prepareSchema(tx: Database, schema: string): Promise<void> {
  const [state] = await tx
    .select({
      role: sql<string>`current_user`,
      owner: sql<string | null>`pg_get_userbyid(n.nspowner)`,
      isUsable: sql<boolean | null>`
        has_schema_privilege(n.oid, 'usage') and has_schema_privilege(n.oid, 'create')`,
      mayCreate: sql<boolean>`has_database_privilege(current_database(), 'create')`,
    })
    .from(sql`(select) x left join pg_namespace n on n.nspname = ${schema}`)
  if (!state) throw new TypeError("the query returned no row")
  const { role, owner, isUsable, mayCreate } = state
  if (owner !== null && !isUsable) {
    throw new DatabaseUnusable(
      `the schema "${schema}" belongs to the role "${owner}", and this role may not create tables in it; run "latchkey ` +
        `migrate" as that role, or if this one is to own the tables, run as that role: grant usage, create on schema "${schema}" to ${quoteIdentifier(role)}`,
    )
  }
  if (owner !== null) return
  if (!mayCreate) {
    throw new DatabaseUnusable(
      `this role may not create the schema "${schema}"; as the database's owner, run: ` +
        `create schema "${schema}" authorization ${quoteIdentifier(role)}`,
    )
  }
  await tx.execute(sql.raw(`create schema ${quoteIdentifier(schema)}`))
  await revokeDefaultUsage(tx, schema)
}

async function revokeDefaultUsage(tx: Database, schema: string): Promise<void> {
  const revocations = await tx
    .selectDistinct({
      statement: sql<string>`format('revoke all on schema %I from %s cascade', n.nspname, ${grantee})`,
    })
    .from(sql`pg_namespace n cross join aclexplode(n.nspacl) a`)
    .where(sql`n.nspname = ${schema} and a.grantee <> n.nspowner`)
  for (const { statement } of revocations) await tx.execute(sql.raw(statement))
}
