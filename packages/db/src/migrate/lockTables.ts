import { inArray, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { quoteIdentifier } from "../schemaName.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"

/** A table as instances of an earlier version know it. */
export interface EarlierTable {
  /** PostgreSQL's number for the table, whatever its schema and name. */
  oid: number
  name: string
  columns: { name: string; type: string }[]
}

/**
 * Describes the tables of an earlier installation, and locks them. Instances of that version that are in the middle of
 * a transaction finish it first.
 *
 * @throws {DatabaseUnusable} when this role lacks a right that is needed to move them.
 */
export async function lockTables(
  tx: Database,
  { schema, names }: { schema: string; names: readonly string[] },
): Promise<EarlierTable[]> {
  const described = await tx
    .select({
      oid: sql<number>`c.oid::int8::float8`,
      name: sql<string>`c.relname`,
      columns: sql<{ name: string; type: string }[]>`json_agg(
        json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)`,
      owner: sql<string>`pg_get_userbyid(c.relowner)`,
      isOwned: sql<boolean>`pg_has_role(c.relowner, 'USAGE')`,
      mayCreate: sql<boolean>`has_schema_privilege(n.oid, 'create')`,
      role: sql<string>`current_user`,
    })
    .from(sql`
      pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`)
    .where(sql`n.nspname = ${schema} and c.relkind = 'r' and ${inArray(sql`c.relname`, [...names])}`)
    .groupBy(sql`c.oid, n.oid`)
    .orderBy(
      sql`array_position(array[${sql.join(
        names.map((name) => sql`${name}::text`),
        sql`, `,
      )}], c.relname::text)`,
    )
  for (const { name, owner, isOwned, mayCreate, role } of described) {
    if (!isOwned) {
      throw new DatabaseUnusable(
        `the table "${name}" in the schema "${schema}" belongs to the role "${owner}"; migrate as that role`,
      )
    }
    if (!mayCreate) {
      throw new DatabaseUnusable(
        `this role may not create views in the schema "${schema}", which stop earlier versions; as its owner, run: ` +
          `grant create on schema ${quoteIdentifier(schema)} to ${quoteIdentifier(role)}`,
      )
    }
  }
  const list = described.map(({ name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`).join(", ")
  await tx.execute(sql.raw(`lock table ${list} in access exclusive mode`))
  return described
}
