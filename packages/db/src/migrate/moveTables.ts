import { inArray, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { hasCode } from "../driver/causesOf.ts"
import { quoteIdentifier } from "../schemaName.ts"
import { grantee } from "./grantee.ts"
import type { EarlierTable } from "./lockTables.ts"
import { EXISTS, nameTaken } from "./nameTaken.ts"

/**
 * Moves tables into another schema, with their indexes and constraints.
 *
 * @throws {DatabaseUnusable} if something there has a table's name.
 */
export async function moveTables(
  tx: Database,
  { from, to, tables }: { from: string; to: string; tables: readonly EarlierTable[] },
): Promise<void> {
  for (const { name } of tables) {
    const table = `${quoteIdentifier(from)}.${quoteIdentifier(name)}`
    try {
      await tx.execute(sql.raw(`alter table ${table} set schema ${quoteIdentifier(to)}`))
    } catch (error) {
      throw hasCode(error, EXISTS) ? nameTaken({ name, schema: to }, error) : error
    }
  }
}

/** Lets the roles that have rights on tables use the schema that the tables were moved to. */
export async function grantUsage(
  tx: Database,
  { schema, tables }: { schema: string; tables: readonly EarlierTable[] },
): Promise<void> {
  const grants = await tx
    .selectDistinct({
      statement: sql<string>`format('grant usage on schema %I to %s', n.nspname, ${grantee})`,
    })
    .from(sql`pg_class c cross join aclexplode(c.relacl) a join pg_namespace n on n.nspname = ${schema}`)
    .where(
      sql`${inArray(
        sql`c.oid`,
        tables.map(({ oid }) => sql.raw(String(oid))),
      )} and a.grantee <> c.relowner and pg_has_role(n.nspowner, 'USAGE')`,
    )
  for (const { statement } of grants) await tx.execute(sql.raw(statement))
}
