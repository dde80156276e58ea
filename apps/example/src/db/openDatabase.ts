import { PGlite } from "@electric-sql/pglite"
import { sql } from "drizzle-orm"
import { drizzle as drizzlePglite } from "drizzle-orm/pglite"
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js"
import postgres from "postgres"
import { addDemoData } from "./addDemoData.ts"
import type { Database } from "./database.ts"

export interface OpenDatabase {
  db: Database
  close(): Promise<void>
}

/**
 * Opens Tidewater's own tables, with a few demo rows: in the PostgreSQL that Latchkey uses too, or without one in a
 * folder.
 */
export async function openDatabase(
  place: { databaseUrl: string } | { folder: string },
): Promise<OpenDatabase> {
  const opened = "folder" in place ? await openFolder(place.folder) : openPostgres(place.databaseUrl)
  await createTables(opened.db)
  await addDemoData(opened.db)
  return opened
}

function openPostgres(url: string): OpenDatabase {
  const client = postgres(url, { onnotice() {} })
  return { db: drizzlePostgres(client), close: () => client.end() }
}

async function openFolder(folder: string): Promise<OpenDatabase> {
  const client = await PGlite.create(folder)
  return { db: drizzlePglite(client), close: () => client.close() }
}

async function createTables(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    // Two instances may start at the same time.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('tidewater'))`)
    for (const table of TABLES) await tx.execute(table)
  })
}

const TABLES = [
  sql`create table if not exists users (
    id uuid primary key default gen_random_uuid(), email text not null unique, name text not null,
    password_hash text not null)`,
  sql`create table if not exists organizations (id text primary key, name text not null)`,
  sql`create table if not exists memberships (
    user_id uuid not null references users on delete cascade,
    organization_id text not null references organizations on delete cascade,
    role text not null check (role in ('viewer', 'editor')),
    primary key (user_id, organization_id))`,
  sql`create table if not exists sign_ins (
    token_hash text primary key, user_id uuid not null references users on delete cascade,
    organization_id text not null references organizations on delete cascade, expires_at timestamptz not null)`,
  sql`create table if not exists reports (
    id uuid primary key default gen_random_uuid(),
    organization_id text not null references organizations on delete cascade,
    title text not null, is_published boolean not null default false, unique (organization_id, title))`,
]
