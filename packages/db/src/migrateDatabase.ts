import { fileURLToPath } from "node:url"
import { sql } from "drizzle-orm"
import { readMigrationFiles } from "drizzle-orm/migrator"
import { pgTable, text, timestamp } from "drizzle-orm/pg-core"
import type { Database } from "./createDatabase.ts"

const migrationsFolder = fileURLToPath(new URL("../migrations", import.meta.url))

/** Any number that nothing else on the database locks: "latchkey" in ASCII. */
const ADVISORY_LOCK = "7809651199139603833"

const appliedMigrations = pgTable("latchkey_migrations", {
  /** SHA-256 of the migration's file. */
  hash: text("hash").primaryKey(),
  appliedAt: timestamp("applied_at", { withTimezone: true }).notNull().defaultNow(),
})

/**
 * Brings the schema up to date, in one transaction. Instances that start together take turns under an advisory
 * lock that ends with the transaction; Drizzle's
 * own migrator opens a transaction of its own and can't run inside the one that holds the lock.
 */
export async function migrateDatabase(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(ADVISORY_LOCK)})`)
    await tx.execute(sql`
      create table if not exists ${appliedMigrations} (
        hash text primary key,
        applied_at timestamp with time zone not null default now()
      )`)
    const applied = new Set((await tx.select().from(appliedMigrations)).map(({ hash }) => hash))
    for (const migration of readMigrationFiles({ migrationsFolder })) {
      if (applied.has(migration.hash)) continue
      for (const statement of migration.sql) await tx.execute(sql.raw(statement))
      await tx.insert(appliedMigrations).values({ hash: migration.hash })
    }
  })
}
