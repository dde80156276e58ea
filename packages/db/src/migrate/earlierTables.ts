import { inArray, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { quoteIdentifier } from "../schemaName.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"

/** A table as instances of an earlier version know it. */
export interface EarlierTable {
  /** PostgreSQL's number for the table, whatever its schema and name. */
  oid: number
  name: string
  /** Names and types, as SQL. */
  columns: string
}

/**
 * Describes the tables of an earlier installation, and locks them. Instances of that version that are in the middle of
 * a transaction finish it first.
 *
 * @throws {DatabaseUnusable} when this role lacks a right that moving them takes.
 */
export async function lockEarlierTables(
  tx: Database,
  { schema, names }: { schema: string; names: readonly string[] },
): Promise<EarlierTable[]> {
  const described = await tx
    .select({
      oid: sql<number>`c.oid::int8::float8`,
      name: sql<string>`c.relname`,
      columns: sql<string>`
        string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)`,
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

/** Moves tables into another schema, with their indexes and constraints. Roles with rights on them get to use it. */
export async function moveTables(
  tx: Database,
  { from, to, tables }: { from: string; to: string; tables: readonly EarlierTable[] },
): Promise<void> {
  for (const { name } of tables) {
    await tx.execute(
      sql.raw(
        `alter table ${quoteIdentifier(from)}.${quoteIdentifier(name)} set schema ${quoteIdentifier(to)}`,
      ),
    )
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
    .where(sql`${isOneOf(tables)} and a.grantee <> c.relowner and pg_has_role(n.nspowner, 'USAGE')`)
  for (const { statement } of grants) await tx.execute(sql.raw(statement))
}

const grantee = sql`case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end`

const isOneOf = (tables: readonly EarlierTable[]) =>
  inArray(
    sql`c.oid`,
    tables.map(({ oid }) => sql.raw(String(oid))),
  )

/**
 * Puts views in the place of tables that are gone, so that an instance of an earlier version that still runs answers 503,
 * never with a verdict on tables that it does not know. The views have the columns of the tables, so that its prepared
 * statements still fit. They read from a function that fails with a SQLSTATE that this version takes for an outage;
 * a view can't be written to, which is the same SQLSTATE.
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
    const view = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
    await tx.execute(sql.raw(`create view ${view} as select * from ${raise}() as moved(${columns})`))
    await copyRights(tx, { oid, view })
  }
}

/** Of those who may use the table, and of nobody else: a role without rights would get an error of another kind. */
async function copyRights(tx: Database, { oid, view }: { oid: number; view: string }): Promise<void> {
  const granted = (statement: ReturnType<typeof sql<string>>, of: ReturnType<typeof sql>) =>
    tx
      .selectDistinct({ statement })
      .from(sql`pg_class c cross join aclexplode(c.relacl) a`)
      .where(sql`c.oid = ${of} and a.grantee <> c.relowner and a.privilege_type <> 'MAINTAIN'`)
  const revocations = await granted(
    sql<string>`format('revoke all on %s from %s', ${view}::text, ${grantee})`,
    sql`${view}::regclass`,
  )
  const grants = await granted(
    sql<string>`format('grant %s on %s to %s', a.privilege_type, ${view}::text, ${grantee})`,
    sql.raw(String(oid)),
  )
  for (const { statement } of [...revocations, ...grants]) await tx.execute(sql.raw(statement))
}
