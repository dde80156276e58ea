import { readFileSync } from "node:fs"
import { join } from "node:path"
import { readMigrationFiles } from "drizzle-orm/migrator"
import { migrationsFolder } from "../migrationsFolder.ts"

export interface Migration {
  /** Its file's name without the ending. */
  name: string
  statements: string[]
  /** SHA-256 of its file as it was first released, under which it is recorded. */
  hash: string
}

/**
 * The recorded hashes of migrations whose files have changed since their release. They named the schema "public";
 * apart from that, they do the same.
 */
const FIRST_HASHES: Readonly<Record<string, string>> = {
  f521a03ee7de062911711b157d7edc23a2aa96d687021d6b77636e692a13877f:
    "48f3f85f00a8a51e9a3bfd600c698bb9d42f9d7b1bdec299f9ef2b562f204637",
  c46c3e4ee87dcac52c87b5050592892c3cde682579eaf8b3c2ab6075f21e74e2:
    "3aa084e0766c596d0415068e382802959c5c867f6ba57d925a026a7e3c82aa79",
}

/**
 * Marks a migration that takes long and blocks nobody, as long as no other migration has taken stronger locks before
 * it.
 */
const ALONE = "-- In its own transaction"

const isAlone = ({ statements }: Migration) => statements[0]?.trimStart().startsWith(ALONE) === true

/** The next migrations that are applied in one transaction. */
export function nextOf(pending: readonly Migration[]): Migration[] {
  const [first, ...others] = pending
  if (!first || isAlone(first)) return first ? [first] : []
  const end = others.findIndex(isAlone)
  return [first, ...(end === -1 ? others : others.slice(0, end))]
}

/** All migrations, in order. */
export function readMigrations(): Migration[] {
  const journal = JSON.parse(readFileSync(join(migrationsFolder, "meta/_journal.json"), "utf8")) as {
    entries: { tag: string }[]
  }
  return readMigrationFiles({ migrationsFolder }).map(({ sql, hash }, index) => ({
    name: journal.entries[index]?.tag ?? "",
    statements: sql,
    hash: FIRST_HASHES[hash] ?? hash,
  }))
}

/** The names of the tables that migrations create. */
export const tablesOf = (migrations: readonly Migration[]): string[] =>
  migrations.flatMap(({ statements }) =>
    statements.flatMap((statement) => /^\s*CREATE TABLE "([^"]+)"/i.exec(statement)?.[1] ?? []),
  )
