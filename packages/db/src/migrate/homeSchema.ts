import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"
import { TABLES } from "./tables.ts"

export interface HomeSchema {
  name: string
  /** Whether migrations have been applied there. */
  hasTables: boolean
}

/**
 * Finds the schema of the tables: the first on the search path that has them, otherwise the first on the search path,
 * where they are then created.
 *
 * @throws {DatabaseUnusable} if this role's tables are in a schema that is not on the search path. A second, empty
 *   set of tables would look as if all users were lost.
 */
export async function findHomeSchema(tx: Database): Promise<HomeSchema> {
  const position = sql<number | null>`array_position(current_schemas(false), n.nspname)`
  const found = await tx
    .select({
      name: sql<string>`n.nspname`,
      position,
      isOwned: sql<boolean>`pg_has_role(c.relowner, 'USAGE')`,
    })
    .from(sql`pg_class c join pg_namespace n on n.oid = c.relnamespace`)
    .where(
      sql`c.relname = 'latchkey_migrations' and c.relkind = 'r' and has_table_privilege(c.oid, 'select')`,
    )
    .orderBy(sql`${position} nulls last`)
  const [first] = found
  if (first && first.position !== null) return { name: first.name, hasTables: true }
  const elsewhere = found.find(({ isOwned }) => isOwned)
  if (elsewhere) {
    throw new DatabaseUnusable(
      `the tables are in the schema "${elsewhere.name}", which is not on the search path; add the parameter ` +
        `${searchPathParameter(elsewhere.name)}, or use another role for a second installation`,
    )
  }
  const [{ name } = { name: null }] = await tx
    .select({ name: sql<string | null>`current_schema()` })
    .from(sql`(select) x`)
  if (name !== null) return { name, hasTables: false }
  throw new DatabaseUnusable("expected a search path with a schema that exists and that this role may use")
}

/**
 * @throws {DatabaseUnusable} if a table of the same name, in a schema earlier on the search path, hides one of ours.
 */
export async function checkVisible(tx: Database, { name }: HomeSchema): Promise<void> {
  const [hiding] = await tx
    .select({ table: sql<string>`t.name`, schema: sql<string | null>`n.nspname` })
    .from(sql`
      (values ${sql.join(
        TABLES.map((table) => sql`(${table}::text)`),
        sql`, `,
      )}) t(name)
      left join pg_class c on c.oid = to_regclass(t.name)
      left join pg_namespace n on n.oid = c.relnamespace`)
    .where(sql`n.nspname is distinct from ${name}::name`)
    .limit(1)
  if (!hiding) return
  throw new DatabaseUnusable(
    `the table "${hiding.table}" in the schema "${hiding.schema}" hides the one in "${name}"; add the parameter ` +
      searchPathParameter(name),
  )
}

const searchPathParameter = (schema: string) => `options=${encodeURIComponent(`-csearch_path=${schema}`)}`
