import { randomUUID } from "node:crypto"
import { sql } from "drizzle-orm"
import { describe, expect, inject, test } from "vitest"
import { openTestDatabase, storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import { countFailure, createDatabase, type Database, listAuditEvents } from "../../index.ts"
import { auditEvents } from "../../schema/auditEvents.ts"

const client = { address: "203.0.113.7", requestId: "r-1", device: "Firefox on Linux" }

const eventsOf = (db: Database, userId: string) =>
  listAuditEvents(db, { ownerId: userId, limit: 100, after: null })

const failure = (userId: string, address = client.address, device = client.device) =>
  ({
    ownerId: userId,
    kind: "loginFailed",
    via: "password",
    credentialId: null,
    client: { ...client, address, device },
  }) as const

const sumOf = (events: readonly { count: number }[]) => events.reduce((sum, { count }) => sum + count, 0)

describe.each(["PostgreSQL", "embedded"] as const)("wrong passwords on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  test("one event counts the failures from one address", async () => {
    const [ada, bob] = [await storeUser(db), await storeUser(db)]

    await countFailure(db, failure(bob.userId))
    // No more at once than may write at once, because they all wait for the same row.
    for (let n = 0; n < 300; n += 6) {
      await Promise.all(Array.from({ length: 6 }, () => countFailure(db, failure(ada.userId))))
    }

    const failures = (await eventsOf(db, ada.userId)).filter(({ kind }) => kind === "loginFailed").reverse()
    // Two if the hour changes during the test.
    expect(failures.length).toBeLessThanOrEqual(2)
    expect(sumOf(failures)).toBe(300)
    expect(failures[0]).toMatchObject(client)
    expect(failures.at(-1)?.lastAt?.getTime()).toBeGreaterThan(failures[0]?.createdAt.getTime() ?? 0)
    const ofBob = (await eventsOf(db, bob.userId)).filter(({ kind }) => kind === "loginFailed")
    expect(ofBob).toMatchObject([{ count: 1 }])
  })

  test("failures of two devices behind one address are two events, with the most recent first", async () => {
    const { userId } = await storeUser(db)
    const from = (device: string) => countFailure(db, failure(userId, client.address, device))

    for (const device of ["Firefox on Linux", "Safari on iOS", "Firefox on Linux"]) await from(device)

    const failures = (await eventsOf(db, userId)).filter(({ kind }) => kind === "loginFailed")
    // One more if the hour changes during the test.
    expect(failures.length).toBeLessThanOrEqual(3)
    expect(failures[0]).toMatchObject({ device: "Firefox on Linux" })
    const ofPhone = failures.filter(({ device }) => device === "Safari on iOS")
    expect(sumOf(ofPhone)).toBe(1)
    expect(sumOf(failures)).toBe(3)
  })

  test("failures from too many addresses are counted together, so that the trail stays readable", async () => {
    const { userId } = await storeUser(db)
    for (let n = 0; n < 200; n++) await countFailure(db, failure(userId, `198.51.100.${n}`))
    // Addresses with a row are still counted there.
    await countFailure(db, failure(userId, "198.51.100.0"))
    await countFailure(db, { ...failure(userId), kind: "passwordChangeFailed" })

    const events = await eventsOf(db, userId)

    // One more if the hour or the day changes during the test.
    expect(events.length).toBeLessThanOrEqual(1 + 21 + 1 + 1)
    const failures = events.filter((event) => event.kind === "loginFailed")
    expect(failures.filter(({ address }) => address !== null)).toHaveLength(20)
    expect(sumOf(failures)).toBe(201)
    const unlisted = failures.filter(({ address }) => address === null)
    expect(unlisted[0]).toMatchObject({ device: null })
    expect(sumOf(unlisted)).toBeGreaterThanOrEqual(180)
    expect(events.map(({ kind }) => kind)).toContain("passwordChangeFailed")
  })

  test("nothing is stored for an id that no user has", async () => {
    const count = () => db.select({ events: sql`count(*)` }).from(auditEvents)
    const before = await count()
    await countFailure(db, failure(randomUUID()))
    expect(await count()).toEqual(before)
  })
})

test("counts each of 300 failures from one address on two instances exactly once", async () => {
  await using one = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const other = await createDatabase(one.url)
  const { userId } = await storeUser(one.db)
  for (let n = 0; n < 300; n += 12) {
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        countFailure(index % 2 === 0 ? one.db : other.db, failure(userId)),
      ),
    )
  }
  await other.close()

  const failures = (await eventsOf(one.db, userId)).slice(0, -1)
  expect(failures.length).toBeLessThanOrEqual(2)
  expect(sumOf(failures)).toBe(300)
})
