import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { quoteIdentifier } from "../schemaName.ts"
import { type FoundTables, findTables } from "./findTables.ts"
import { type Migration, readMigrations } from "./migrations.ts"
import { appliedMigrations } from "./tables.ts"

/** The steps that bring the tables to this version. */
export interface Plan {
  /** The schema where the tables belong. */
  schema: string
  /** Their current location. */
  found: FoundTables | null
  applied: Migration[]
  pending: Migration[]
}

/** @throws {DatabaseUnusable} as `findTables`. */
export async function makePlan(tx: Database, schema: string): Promise<Plan> {
  const found = await findTables(tx, schema)
  const migrations = readMigrations()
  if (!found) return { schema, found, applied: [], pending: migrations }
  const applied = await tx
    .select({ hash: sql<string>`hash` })
    .from(sql`${sql.identifier(found.schema)}.${appliedMigrations}`)
  const hashes = new Set(applied.map(({ hash }) => hash))
  return {
    schema,
    found,
    applied: migrations.filter(({ hash }) => hashes.has(hash)),
    pending: migrations.filter(({ hash }) => !hashes.has(hash)),
  }
}

export const isCurrent = ({ schema, found, pending }: Plan) =>
  found?.schema === schema && pending.length === 0

/** Sets the search path for the rest of the transaction. */
export async function setSearchPath(tx: Database, schema: string): Promise<void> {
  await tx.execute(sql`select set_config('search_path', ${quoteIdentifier(schema)}, true)`)
}
