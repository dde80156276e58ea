import { createHash, randomUUID } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import type { Sql } from "@latchkey/test-postgres"

const migrations = new URL("../migrations/", import.meta.url)

/** The last migration of the version whose tables were in the first schema of the search path. */
const LAST = "0006"

/**
 * The statements that the earlier version ran to migrate in a schema.
 *
 * @param last the number of the last migration to apply. The first release had those up to 0005.
 */
export async function earlierMigrations(schema = "public", last = LAST): Promise<string> {
  const files = (await readdir(migrations)).filter(
    (name) => name.endsWith(".sql") && name.slice(0, 4) <= last,
  )
  const statements = [
    `set local search_path to ${schema}`,
    "create table latchkey_migrations (hash text primary key, applied_at timestamptz not null default now())",
  ]
  for (const file of files.sort()) {
    const text = await readFile(new URL(file, migrations), "utf8")
    // Recorded as first released, when the foreign keys named the schema "public".
    const released = text.replaceAll('REFERENCES "users"', 'REFERENCES "public"."users"')
    const hash = createHash("sha256").update(released).digest("hex")
    statements.push(
      text.trimEnd().replace(/;$/, ""),
      `insert into latchkey_migrations (hash) values ('${hash}')`,
    )
  }
  return statements.join(";\n")
}

/** Migrates as that version did. Parameters as those of `earlierMigrations`. */
export async function migrateEarlier(connection: Sql, schema?: string, last?: string): Promise<void> {
  await connection.unsafe(await earlierMigrations(schema, last))
}

/** Stores a user with a session, a key and what else that version stored, directly. */
export async function storeEarlier(connection: Sql, schema = "public") {
  const user = { id: randomUUID(), email: `${randomUUID()}@example.com` }
  const session = { id: randomUUID(), familyHash: Buffer.alloc(32, 1), turnHash: Buffer.alloc(32, 2) }
  const apiKey = { id: randomUUID(), lookupId: randomUUID().replaceAll("-", "").slice(0, 16) }
  await connection.begin(async (sql) => {
    await sql.unsafe(`set local search_path to ${schema}`)
    await sql`insert into users (id, email, password_hash) values (${user.id}, ${user.email}, 'hash')`
    await sql`
      insert into sessions (id, user_id, family_hash, turn_hash, expires_at)
      values (${session.id}, ${user.id}, ${session.familyHash}, ${session.turnHash}, now() + interval '1 day')`
    await sql`
      insert into api_keys (id, user_id, lookup_id, key_hash, label)
      values (${apiKey.id}, ${user.id}, ${apiKey.lookupId}, 'hash', 'nightly import')`
    await sql`
      insert into audit_events (user_id, kind, via, request_id)
      values (${user.id}, 'registered', 'password', 'request')`
    await sql`insert into rate_limits values (${user.id}, 1, now() + interval '1 day')`
  })
  return { user, session, apiKey }
}

/** The schemas that have a table of this name. */
export const schemasOf = async (connection: Sql, table: string): Promise<string[]> =>
  (await connection`select schemaname from pg_tables where tablename = ${table} order by 1`).map(
    ({ schemaname }) => schemaname,
  )

/** The effect of the next migration, which removes the name `users` from the schema. Does nothing if it has run. */
export const renameUsers = (connection: Sql, schema: string) =>
  connection.unsafe(`alter table if exists ${schema}.users rename to owners`)
