import { eventually } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import {
  isLive,
  type OpenTestDatabase,
  openTestDatabase,
  storeApiKey,
  storeUser,
} from "../../../test/openTestDatabase.ts"
import { client, kindsOf, signIn } from "../../../test/trailOf.ts"
import {
  changePassword,
  createDatabase,
  DatabaseUnavailable,
  endSession,
  endSessionOfFamily,
  revokeApiKey,
} from "../../index.ts"

describe("audit events on two instances", () => {
  let database: OpenTestDatabase
  let other: Awaited<ReturnType<typeof createDatabase>>
  beforeAll(async () => {
    database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
    other = await createDatabase(database.url)
  })
  afterAll(async () => {
    await other.close()
    await database[Symbol.asyncDispose]()
  })

  /** Waits until this many connections are waiting for a lock. */
  const untilWaiting = (connections: number) =>
    eventually(async () => {
      const waiting = await database.db
        .select({ pid: sql`pid` })
        .from(sql`pg_stat_activity`)
        .where(sql`datname = current_database() and wait_event_type = 'Lock'`)
      expect(waiting).toHaveLength(connections)
    })

  test("two concurrent revocations of a key record one event", async () => {
    const { db } = database
    const ada = await storeUser(db, client)
    const { id } = await storeApiKey(db, ada, { from: client })
    const revocation = { id, by: ada.by, client }

    const results = await Promise.all([revokeApiKey(db, revocation), revokeApiKey(other.db, revocation)])

    expect(results.sort()).toEqual(["done", "notFound"])
    expect(await kindsOf(db, ada.userId)).toEqual(["registered", "apiKeyCreated", "apiKeyRevoked"])
  })

  test("an action is invisible until its event is stored, and a connection lost before leaves neither", async () => {
    const { db } = database
    const { userId, session, by } = await storeUser(db, client)
    let ending: Promise<unknown> = Promise.resolve()

    await other.db.transaction(async (tx) => {
      await tx.execute(sql`lock table audit_events in share mode`)
      ending = endSession(db, { by, client }).catch((error: unknown) => error)
      await untilWaiting(1)
      expect(await isLive(db, session.id)).toBe(true)
      await tx.execute(sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`)
      expect(await ending).toBeInstanceOf(DatabaseUnavailable)
    })

    expect(await isLive(db, session.id)).toBe(true)
    expect(await kindsOf(db, userId)).toEqual(["registered"])
  })

  test("a session can be ended and recorded while the password is being changed", async () => {
    const { db } = database
    const { userId, session, by } = await storeUser(db, client)
    const elsewhere = await signIn(db, userId)
    const change = { by, checkedHash: "hash", newHash: "new hash", client }
    let changing: Promise<unknown> = Promise.resolve()

    await other.db.transaction(async (tx) => {
      await tx.execute(sql`select from sessions where id = ${session.id} for update`)
      changing = changePassword(db, change)
      await untilWaiting(1)
      await endSessionOfFamily(db, { ...elsewhere, client })
    })

    expect(await changing).toBe("changed")
    expect(await kindsOf(db, userId)).toEqual(["registered", "loggedIn", "loggedOut", "passwordChanged"])
  })
})
