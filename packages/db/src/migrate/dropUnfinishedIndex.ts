import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { quoteIdentifier } from "../schemaName.ts"

/**
 * Before a `create index if not exists`, drops an invalid index of that name, which a failed `create index concurrently` has
 * left on the table or on a partition. PostgreSQL would keep it and never read it. An index that is still being built is
 * invalid too, so this waits for the build to finish.
 */
export async function dropUnfinishedIndex(tx: Database, statement: string): Promise<void> {
  const [, index = "", table = ""] =
    /^\s*CREATE INDEX IF NOT EXISTS "([^"]+)" ON "([^"]+)"/im.exec(statement) ?? []
  if (!index.startsWith(table) || (await findUnfinished(tx, { index, table })).length === 0) return
  // A concurrent build holds this lock, which conflicts with itself.
  await tx.execute(sql.raw(`lock table ${quoteIdentifier(table)} in share update exclusive mode`))
  for (const name of await findUnfinished(tx, { index, table })) {
    await tx.execute(sql.raw(`drop index ${quoteIdentifier(name)}`))
  }
}

/** On a partition, the index has the partition's name in place of the table's. */
async function findUnfinished(
  tx: Database,
  { index, table }: { index: string; table: string },
): Promise<string[]> {
  const suffix = index.slice(table.length)
  const rows = await tx
    .select({ name: sql<string>`c.relname` })
    .from(sql`pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid`)
    .where(
      sql`not i.indisvalid and c.relkind = 'i' and c.relname = t.relname || ${suffix}::text
        and (t.oid = to_regclass(${quoteIdentifier(table)})
          or t.oid in (select inhrelid from pg_inherits where inhparent = to_regclass(${quoteIdentifier(table)})))`,
    )
  return rows.map(({ name }) => name)
}
