import { randomUUID } from "node:crypto"
import { connect, createTestDatabase } from "@latchkey/test-postgres"
import { createDatabase } from "../src/createDatabase.ts"
import type { Database, DatabaseOptions } from "../src/database.ts"

/** Opens an empty database, with a new role that may connect to it. */
export async function openEmpty(serverUrl: string, role = `role_${randomUUID().replaceAll("-", "")}`) {
  const server = await createTestDatabase(serverUrl)
  const admin = connect(server.url)
  const name = new URL(server.url).pathname.slice(1)
  await admin.unsafe(`create role ${role} login`)
  const url = new URL(server.url)
  url.username = role
  return {
    admin,
    role,
    /** The database's name. */
    name,
    /** Connects as the role. */
    url: url.href,
    /** Connects as the superuser. */
    adminUrl: server.url,
    async [Symbol.asyncDispose]() {
      await admin.unsafe(`drop owned by ${role} cascade`)
      await admin.unsafe(`drop role ${role}`)
      await admin.end()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Migrates, and runs `use` on the migrated database. */
export async function start<Result>(
  url: string,
  use: (db: Database) => Promise<Result>,
  options?: DatabaseOptions,
): Promise<Result> {
  const { db, migrate, close } = await createDatabase(url, options)
  try {
    await migrate()
    return await use(db)
  } finally {
    await close()
  }
}
