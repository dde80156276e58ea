import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"

/** The location of the tables. */
export interface FoundTables {
  /** Their schema: the one where they belong, or that of an earlier installation. */
  schema: string
  /** The role that owns them. */
  owner: string
  /** Whether this role may act as their owner. */
  isOwned: boolean
  /** Whether a version without the option `schema` created them, so that instances of it may still run. */
  isEarlier: boolean
}

interface Candidate extends FoundTables {
  isReadable: boolean
  isOnSearchPath: boolean
}

/**
 * Finds the tables that belong in a schema, null where there are none. An earlier version kept them in the first schema on the role's search path; any other schema that
 * it finds belongs to another installation, unless this role owns it: a second, empty set of tables would look like
 * the loss of all users. Leaves only PostgreSQL's own schema on the search path of the transaction.
 *
 * @throws {DatabaseUnusable} when it is unclear which tables are meant, or when this role can't reach them.
 */
export async function findTables(tx: Database, schema: string): Promise<FoundTables | null> {
  const candidates = await findCandidates(tx, await leaveSearchPath(tx))
  const found = candidates.find((candidate) => candidate.schema === schema)
  if (found && !found.isReadable) {
    throw new DatabaseUnusable(
      `the tables in the schema "${schema}" belong to the role "${found.owner}", and this role may not use them; ` +
        "grant it the rights to, or name another schema",
    )
  }
  // Another role can create tables that resemble ours.
  const isOfSameOwner = ({ owner }: FoundTables) => !found || owner === found.owner
  const earlier = candidates.filter((one) => one.isEarlier && one !== found && isOfSameOwner(one))
  const [first, second] = earlier.filter(({ isOnSearchPath, isReadable }) => isOnSearchPath && isReadable)
  const [one, other] = [found ?? first, found ? first : second]
  if (one && other) {
    throw new DatabaseUnusable(
      `Latchkey has tables in the schemas "${one.schema}" and "${other.schema}"; to use the first, add the parameter ` +
        searchPathParameter(one.schema),
    )
  }
  const hidden = earlier.find(({ isOwned }) => isOwned)
  if (!one && hidden) {
    throw new DatabaseUnusable(
      `the tables are in the schema "${hidden.schema}", which is not on the search path; add the parameter ` +
        `${searchPathParameter(hidden.schema)}, or use another role for a second installation`,
    )
  }
  return one ?? null
}

/**
 * Reads the search path that the role, the database and the URL set, and then leaves it. Other roles may be able to create
 * functions there, as every role may in `public` before PostgreSQL 15. A function whose parameters fit more exactly than
 * those of PostgreSQL's own would be called in its place, with the rights of this role. So until then, every name is
 * qualified.
 */
async function leaveSearchPath(tx: Database): Promise<string[]> {
  await tx.execute(sql`
    select pg_catalog.set_config('search_path', reset_val, true) from pg_catalog.pg_settings
    where name operator(pg_catalog.=) 'search_path'`)
  const [path] = await tx
    .select({ schemas: sql<string[]>`pg_catalog.array_to_json(pg_catalog.current_schemas(false))` })
    .from(sql`(select) as one`)
  await tx.execute(sql`select pg_catalog.set_config('search_path', 'pg_catalog', true)`)
  return path?.schemas ?? []
}

/**
 * All schemas with a table of our migrations, with those on the search path first. If the tables were moved away,
 * only a copy of that table remains. A later version has renamed the table of users, to which sessions refer.
 */
async function findCandidates(tx: Database, searchPath: readonly string[]): Promise<Candidate[]> {
  const found = await tx
    .select({
      schema: sql<string>`n.nspname`,
      owner: sql<string>`pg_get_userbyid(c.relowner)`,
      isOwned: sql<boolean>`pg_has_role(c.relowner, 'USAGE')`,
      isReadable: sql<boolean>`has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`,
      isEarlier: sql<boolean>`exists (
        select from pg_constraint k
        join pg_class s on s.oid = k.conrelid
        join pg_class u on u.oid = k.confrelid
        where k.contype = 'f' and s.relnamespace = n.oid and s.relname = 'sessions' and u.relname = 'users')`,
    })
    .from(sql`pg_class c join pg_namespace n on n.oid = c.relnamespace`)
    .where(sql`
      c.relname = 'latchkey_migrations' and c.relkind = 'r' and exists (
        select from pg_class s where s.relnamespace = n.oid and s.relname = 'sessions' and s.relkind = 'r')`)
  const candidates = found.map((of) => ({ ...of, isOnSearchPath: searchPath.includes(of.schema) }))
  return [
    ...searchPath.flatMap((name) => candidates.filter(({ schema }) => schema === name)),
    ...candidates.filter(({ isOnSearchPath }) => !isOnSearchPath),
  ]
}

const searchPathParameter = (schema: string) => `options=${encodeURIComponent(`-csearch_path=${schema}`)}`
