import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { hasCode } from "../driver/causesOf.ts"
import { createTombstones, keepColumns } from "./createTombstones.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"
import { dropUnfinishedIndex } from "./dropUnfinishedIndex.ts"
import { type EarlierTable, lockTables } from "./lockTables.ts"
import { type Migration, tablesOf } from "./migrations.ts"
import { grantUsage, moveTables } from "./moveTables.ts"
import { EXISTS, nameTaken } from "./nameTaken.ts"
import { type Plan, setSearchPath } from "./plan.ts"
import { prepareSchema } from "./prepareSchema.ts"
import { revokeDefaultRights } from "./revokeDefaultRights.ts"
import { appliedMigrations } from "./tables.ts"

/**
 * Carries out a plan.
 *
 * @throws {DatabaseUnusable} if something else is in the way, or if this role lacks a right.
 */
export async function carryOut(tx: Database, { schema, found, applied, pending }: Plan): Promise<void> {
  if (found && !found.isOwned) {
    throw new DatabaseUnusable(
      `migrations are pending, and the tables in the schema "${found.schema}" belong to the role "${found.owner}"; ` +
        "migrate as that role",
    )
  }
  if (found?.schema !== schema) await prepareSchema(tx, schema)
  let earlier: EarlierTable[] = []
  if (found?.isEarlier) {
    const names = ["latchkey_migrations", ...tablesOf(applied)]
    earlier = await lockTables(tx, { schema: found.schema, names })
    if (found.schema !== schema) await moveTables(tx, { from: found.schema, to: schema, tables: earlier })
  }
  await setSearchPath(tx, schema)
  if (!found) await createAppliedMigrations(tx)
  for (const migration of pending) await apply(tx, migration, schema)
  await revokeDefaultRights(tx, found?.isEarlier ? found.schema : undefined)
  if (!found?.isEarlier) return
  if (found.schema !== schema) await grantUsage(tx, { schema, tables: earlier })
  await keepColumns(tx, { schema, isInPlace: found.schema === schema, tables: earlier })
  await createTombstones(tx, { schema: found.schema, movedTo: schema, tables: earlier })
}

async function createAppliedMigrations(tx: Database): Promise<void> {
  await tx.execute(sql`
    create table ${appliedMigrations} (
      hash text primary key,
      applied_at timestamp with time zone not null default now()
    )`)
}

async function apply(tx: Database, { statements, hash }: Migration, schema: string): Promise<void> {
  for (const statement of statements) {
    await dropUnfinishedIndex(tx, statement)
    try {
      await tx.execute(sql.raw(statement))
    } catch (error) {
      throw inTheWay(error, statement, schema) ?? error
    }
  }
  await tx.insert(appliedMigrations).values({ hash })
}

function inTheWay(error: unknown, statement: string, schema: string): DatabaseUnusable | undefined {
  const name = /^\s*CREATE (?:TABLE|(?:UNIQUE )?INDEX) "([^"]+)"/i.exec(statement)?.[1]
  return name !== undefined && hasCode(error, EXISTS) ? nameTaken({ name, schema }, error) : undefined
}
