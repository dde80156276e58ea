import { createHash, randomUUID } from "node:crypto"
import bcrypt from "bcrypt"
import postgres, { type Sql } from "postgres"
import { startProcess } from "../childProcess.ts"
import { apiKeyAt } from "../keys.ts"
import { copyRows } from "./copyRows.ts"
import { KEYS_PER_USER } from "./seedLatchkey.ts"

/** Seeds the tables of the hand-written SHA-256 implementation with the same keys. */
export async function seedSha256(url: string, keys: number): Promise<void> {
  await withSql(url, async (sql) => {
    await sql`
      create table sha256_users (
        id uuid primary key, email text not null unique, role text not null default 'user',
        created_at timestamptz not null default now()
      )`
    await sql`
      create table sha256_keys (
        id uuid primary key, user_id uuid not null references sha256_users, key_hash text not null unique,
        revoked_at timestamptz
      )`
    const users = Array.from({ length: Math.ceil(keys / KEYS_PER_USER) }, () => randomUUID())
    await copyRows(
      sql,
      "sha256_users (id, email)",
      users.map((id, i) => [id, `user-${i}@bench.invalid`]),
    )
    await copyRows(
      sql,
      "sha256_keys (id, user_id, key_hash)",
      rows(keys, (i) => [randomUUID(), users[i % users.length] ?? "", sha256(apiKeyAt(i)).toString("hex")]),
    )
    await sql`vacuum analyze`
  })
}

/** Creates Better Auth's tables with its own migrations, and seeds them with the same keys, hashed like its plugin does. */
export async function seedBetterAuth(url: string, keys: number): Promise<void> {
  await using migration = startProcess("../peers/dist/migrateBetterAuth.js", { env: { DATABASE_URL: url } })
  await migration.receive("ready")
  await withSql(url, async (sql) => {
    const now = new Date().toISOString()
    await copyRows(
      sql,
      `apikey (id, "configId", name, start, "referenceId", key, enabled, "rateLimitEnabled", "requestCount", "createdAt", "updatedAt")`,
      rows(keys, (i) => [
        `key${i}`,
        "default",
        `key ${i}`,
        apiKeyAt(i).slice(0, 6),
        `user${Math.floor(i / KEYS_PER_USER)}`,
        sha256(apiKeyAt(i)).toString("base64url"),
        "true",
        "false",
        "0",
        now,
        now,
      ]),
    )
    await sql`vacuum analyze`
  })
}

/** Creates a table for each size with the first keys, each with its own bcrypt hash. */
export async function seedBcrypt(url: string, sizes: readonly number[]): Promise<void> {
  const hashes = await Promise.all(
    Array.from({ length: Math.max(...sizes) }, (_, i) => bcrypt.hash(apiKeyAt(i), 10)),
  )
  await withSql(url, async (sql) => {
    for (const size of sizes) {
      const table = sql(bcryptTable(size))
      await sql`create table ${table} (id int primary key, key_hash text not null)`
      await sql`insert into ${table} ${sql(hashes.slice(0, size).map((key_hash, id) => ({ id, key_hash })))}`
    }
    await sql`analyze`
  })
}

export const bcryptTable = (size: number) => `bcrypt_${size}_keys`

async function withSql(url: string, callback: (sql: Sql) => Promise<void>) {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await callback(sql)
  await sql.end()
}

const sha256 = (text: string) => createHash("sha256").update(text).digest()

function* rows(count: number, row: (index: number) => string[]) {
  for (let i = 0; i < count; i++) yield row(i)
}
