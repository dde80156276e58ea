import { codeBlock, connect, type Sql } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { migrateEarlier, renameUsers, storeEarlier } from "../../test/earlierInstallation.ts"
import { openEmpty, start } from "../../test/emptyDatabase.ts"
import { createDatabase } from "../index.ts"
import { createTombstones, keepColumns } from "./createTombstones.ts"
import { lockTables } from "./lockTables.ts"

/** What the earlier version takes for an outage, which is 503. It takes 0A, 22, 23 and 42 for mistakes. */
const OUTAGE = "55000"

const isPrimary = "(select case when pg_is_in_recovery() then 'standby' else 'true' end)::boolean"

/** The statements of the earlier version that decide on credentials and write, as it sends them. */
const statementsOf = ({ user, session, apiKey }: Awaited<ReturnType<typeof storeEarlier>>) => ({
  key: [
    `select "api_keys"."id", "api_keys"."lookup_id", "api_keys"."key_hash", "api_keys"."receipt",
      "api_keys"."receipt_secret_id", "users"."id", "users"."email", "users"."role", "users"."created_at"
    from "api_keys" inner join "users" on "users"."id" = "api_keys"."user_id"
    where (${isPrimary} and "api_keys"."lookup_id" = any(string_to_array($1, ',')::text[])
      and ("api_keys"."revoked_at" is null and ("api_keys"."expires_at" is null or "api_keys"."expires_at" > now()))
      and "users"."disabled_at" is null)`,
    apiKey.lookupId,
  ],
  session: [
    `select "sessions"."id", "users"."id", "users"."email", "users"."role", "users"."created_at"
    from "sessions" inner join "users" on "users"."id" = "sessions"."user_id"
    where (${isPrimary} and "sessions"."id" = any(string_to_array($1, ',')::uuid[])
      and ("sessions"."ended_at" is null and "sessions"."expires_at" > now()) and "users"."disabled_at" is null)`,
    session.id,
  ],
  "sign-in": [
    `select "id", "email", "role", "created_at", "password_hash" from "users"
    where (${isPrimary} and "users"."email" = $1 and "users"."disabled_at" is null)`,
    user.email,
  ],
  "lock of a user": [
    `select "id", "role", "disabled_at" from "users" where "users"."id" in ($1) order by "users"."id"
    for no key update`,
    user.id,
  ],
  registration: [
    `insert into "users" ("id", "email", "password_hash", "role", "created_at", "disabled_at")
    values (default, $1, 'hash', 'user', default, default) on conflict ("email") do nothing
    returning "id", "email", "role", "created_at"`,
    "new@example.com",
  ],
  refresh: [
    `update "sessions" set "refreshed_at" = now() from "users"
    where "sessions"."id" = $1 and "users"."id" = "sessions"."user_id" and "users"."disabled_at" is null
    returning "sessions"."id"`,
    session.id,
  ],
  receipt: [
    `update "api_keys" set "receipt_secret_id" = 'x' where "api_keys"."id" = $1
      and exists (select "id" from "users" where "users"."id" = '${user.id}' and "users"."disabled_at" is null)
    returning "id"`,
    apiKey.id,
  ],
  administrators: [`update "users" set "role" = 'user' where (false and "users"."email" <> $1)`, "x"],
})

/** The statements that the earlier version must not get an answer to when its search path leads to the tables, too. */
const DECISIONS = ["key", "session", "sign-in", "lock of a user", "registration", "refresh"]

async function codeOf(answer: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(answer).then(
    () => "answered",
    (error: { code?: string }) => error.code,
  )
}

/** A connection of an earlier version, which has prepared and run its statements. */
async function prepare(url: string, statements: ReturnType<typeof statementsOf>) {
  const connection = connect(url, {})
  const run = (name: keyof typeof statements) => {
    const [text = "", value = ""] = statements[name]
    return codeOf(connection.unsafe(text, [value], { prepare: true }))
  }
  for (const name of Object.keys(statements)) {
    expect(await run(name as keyof typeof statements), name).toBe("answered")
  }
  return { run, end: () => connection.end() }
}

async function installEarlier(url: string, schema?: string) {
  const connection = connect(url)
  await migrateEarlier(connection, schema)
  const statements = statementsOf(await storeEarlier(connection, schema))
  await connection.end()
  return statements
}

test("after the move, every statement of an earlier version fails as in an outage, prepared or not", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { adminUrl } = empty
  const statements = await installEarlier(adminUrl)
  const live = await prepare(adminUrl, statements)

  await start(adminUrl, async () => {})

  const fresh = connect(adminUrl, {})
  for (const [name, [text = "", value = ""]] of Object.entries(statements)) {
    expect(await live.run(name as keyof typeof statements), name).toBe(OUTAGE)
    expect(await codeOf(fresh.unsafe(text, [value])), name).toBe(OUTAGE)
  }
  await Promise.all([live.end(), fresh.end()])
})

test("every statement also fails in the same way for a role that does not own the tables", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, role, url, adminUrl } = empty
  const statements = await installEarlier(adminUrl)
  await admin.unsafe(`grant select, insert, update, delete on all tables in schema public to ${role}`)
  const live = await prepare(url, statements)

  await start(adminUrl, async () => {})

  for (const name of Object.keys(statements)) {
    expect(await live.run(name as keyof typeof statements), name).toBe(OUTAGE)
  }
  await live.end()
})

test('so it does for a role with the name of the schema, whose search path begins with "$user"', async () => {
  const schema = `latchkey_${process.pid}`
  await using empty = await openEmpty(inject("postgresUrl"), schema)
  const { admin, name, url } = empty
  await admin.unsafe(
    `grant create on database ${name} to ${schema}; grant create on schema public to ${schema}`,
  )
  const statements = await installEarlier(url)
  const live = await prepare(url, statements)

  await start(url, async () => {}, { schema })
  await renameUsers(admin, schema)

  const fresh = connect(url, {})
  for (const name of DECISIONS as (keyof typeof statements)[]) {
    const [text = "", value = ""] = statements[name]
    expect(await live.run(name), name).toBe(OUTAGE)
    expect(await codeOf(fresh.unsafe(text, [value])), name).toBe(OUTAGE)
  }
  await Promise.all([live.end(), fresh.end()])
})

test("a starting instance of an earlier version finds the old place, whatever its role, and fails there", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, role, url, adminUrl } = empty
  await installEarlier(adminUrl)
  await admin.unsafe(`grant select, insert, update, delete on all tables in schema public to ${role}`)
  // Where it would create tables if it found none.
  await admin.unsafe(`create schema authorization ${role}`)

  await start(adminUrl, async () => {})

  for (const place of [url, adminUrl]) {
    const earlier = connect(place, {})
    const [found] = await earlier`
      select n.nspname as schema
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relname = 'latchkey_migrations' and c.relkind = 'r' and has_table_privilege(c.oid, 'select')
      order by array_position(current_schemas(false), n.nspname) nulls last`
    expect(found).toEqual({ schema: "public" })
    const applied = await earlier`select hash, applied_at from public.latchkey_migrations order by 1`
    expect(applied.length).toBeGreaterThanOrEqual(13)
    // Without those that ran in later transactions.
    expect(await admin`select hash, applied_at from latchkey.latchkey_migrations order by 1`).toEqual(
      expect.arrayContaining([...applied]),
    )
    const administrators = earlier.unsafe('select "id" from "users" order by "users"."id" for no key update')
    expect(await codeOf(administrators)).toBe(OUTAGE)
    await earlier.end()
  }
  // It is no installation to the new version.
  expect(await start(adminUrl, async () => "started")).toBe("started")
})

test("in place, the renamed table and columns leave a view and empty columns behind", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  const statements = await installEarlier(adminUrl)
  const live = await prepare(adminUrl, statements)
  const { db, close } = await createDatabase(adminUrl, { schema: "public" })

  await db.transaction(async (tx) => {
    const names = ["users", "sessions", "api_keys"]
    const tables = await lockTables(tx, { schema: "public", names })
    await tx.execute(sql`alter table users rename to owners`)
    await tx.execute(sql`alter table api_keys rename user_id to owner_id`)
    await keepColumns(tx, { schema: "public", isInPlace: true, tables })
    await createTombstones(tx, { schema: "public", movedTo: "public", tables })
  })

  for (const name of DECISIONS as (keyof typeof statements)[]) expect(await live.run(name), name).toBe(OUTAGE)
  expect(await kindOf(admin, "public.users")).toBe("v")
  expect(await kindOf(admin, "public.sessions")).toBe("r")
  await Promise.all([live.end(), close()])
})

test("a new installation leaves nothing outside its schema", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty

  await start(adminUrl, async () => {})

  expect(await admin`select relname from pg_class where relnamespace = 'public'::regnamespace`).toEqual([])
  expect(await admin`select proname from pg_proc where proname = 'latchkey_moved'`).toEqual([])
})

test("the documented statements remove everything that the move left behind", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  await installEarlier(adminUrl)
  await start(adminUrl, async () => {})

  await admin.unsafe(codeBlock("docs/postgresql.md", "sql", "Versions that used the search path"))

  expect(await admin`select relname from pg_class where relnamespace = 'public'::regnamespace`).toEqual([])
})

async function kindOf(connection: Sql, relation: string): Promise<string> {
  const [row] = await connection`select relkind from pg_class where oid = ${relation}::regclass`
  return row?.relkind
}
