import { getTableName, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { quoteIdentifier } from "../schemaName.ts"
import { grantee } from "./grantee.ts"
import type { EarlierTable } from "./lockTables.ts"
import { appliedMigrations } from "./tables.ts"

/**
 * Replaces tables that are gone with views, so that running instances of an earlier version answer 503, and never
 * with a verdict on tables that they do not know. The views have the columns of the tables, so that prepared
 * statements still fit. They read from a function that fails with a SQLSTATE that the earlier version takes for an
 * outage. Writing to a view fails with the same SQLSTATE.
 *
 * The table of applied migrations leaves a copy behind, so that a starting instance of the earlier version finds it,
 * and then fails at the views. Otherwise it could create a second, empty set of tables in another schema of its
 * search path.
 */
export async function createTombstones(
  tx: Database,
  { schema, movedTo, tables }: { schema: string; movedTo: string; tables: readonly EarlierTable[] },
): Promise<void> {
  const remaining = await tx
    .select({ name: sql<string>`c.relname` })
    .from(sql`pg_class c join pg_namespace n on n.oid = c.relnamespace`)
    .where(sql`n.nspname = ${schema}`)
  const names = new Set(remaining.map(({ name }) => name))
  const gone = tables.filter(({ name }) => !names.has(name))
  if (gone.length === 0) return
  const raise = `${quoteIdentifier(schema)}.latchkey_moved`
  await tx.execute(
    sql.raw(`
      create or replace function ${raise}() returns setof record language plpgsql as $$
      begin
        raise exception using errcode = 'object_not_in_prerequisite_state',
          message = 'the tables in the schema "${movedTo}" are those of a newer version of Latchkey';
      end $$`),
  )
  for (const { oid, name, columns } of gone) {
    const place = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
    const moved = `${quoteIdentifier(movedTo)}.${quoteIdentifier(name)}`
    await tx.execute(
      sql.raw(
        name === getTableName(appliedMigrations)
          ? `create table ${place} as select * from ${moved}`
          : `create view ${place} as select * from ${raise}() as moved(${columnsOf(columns)})`,
      ),
    )
    await copyRights(tx, { oid, place })
  }
}

/** Exactly the roles that may use the table: a role without rights would get another kind of error. */
async function copyRights(tx: Database, { oid, place }: { oid: number; place: string }): Promise<void> {
  const granted = (statement: ReturnType<typeof sql<string>>, of: ReturnType<typeof sql>) =>
    tx
      .selectDistinct({ statement })
      .from(sql`pg_class c cross join aclexplode(c.relacl) a`)
      .where(sql`c.oid = ${of} and a.grantee <> c.relowner`)
  const revocations = await granted(
    sql<string>`format('revoke all on %s from %s', ${place}::text, ${grantee})`,
    sql`${place}::regclass`,
  )
  const grants = await granted(
    sql<string>`format('grant %s on %s to %s', a.privilege_type, ${place}::text, ${grantee})`,
    sql.raw(String(oid)),
  )
  for (const { statement } of [...revocations, ...grants]) await tx.execute(sql.raw(statement))
}

const columnsOf = (columns: EarlierTable["columns"]) =>
  columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`).join(", ")

/**
 * Adds empty columns in place of those that migrations have removed or renamed, if instances of an earlier version
 * may still see the tables themselves: in place, or in a schema with the name of their role, which is first on the
 * usual search path. A statement with a missing column would fail as a mistake in the statement, with 500 instead of
 * 503. With these columns, it gets as far as the table of users, which is a view by then.
 */
export async function keepColumns(
  tx: Database,
  { schema, isInPlace, tables }: { schema: string; isInPlace: boolean; tables: readonly EarlierTable[] },
): Promise<void> {
  const [role] = await tx
    .select({ name: sql<string>`rolname` })
    .from(sql`pg_roles`)
    .where(sql`rolname = ${schema}`)
  if (!isInPlace && !role) return
  for (const { name, columns } of tables) {
    const present = await tx
      .select({ name: sql<string>`a.attname` })
      .from(sql`
        pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace`)
      .where(sql`n.nspname = ${schema} and c.relname = ${name} and a.attnum > 0 and not a.attisdropped`)
    const gone = columns.filter((column) => !present.some((other) => other.name === column.name))
    if (present.length === 0 || gone.length === 0) continue
    const additions = gone.map((column) => `add column ${columnsOf([column])}`).join(", ")
    await tx.execute(sql.raw(`alter table ${quoteIdentifier(schema)}.${quoteIdentifier(name)} ${additions}`))
  }
}
