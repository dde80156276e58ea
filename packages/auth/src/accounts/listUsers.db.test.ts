import { randomUUID } from "node:crypto"
import { apiKeys, owners } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { eq } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { client, createTestAuth, signUp } from "../../test/createTestAuth.ts"
import type { Auth } from "../createAuth.ts"

describe.each(["PostgreSQL", "embedded"] as const)("the list of users on %s", (kind) => {
  let database: OpenTestDatabase
  let auth: Auth
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    auth = createTestAuth(database.db)
    const emails = ["ada@x.example", "adam@x.example", "ab_c@x.example", "abbc@x.example", "a%c@x.example"]
    const rows = [...emails, "a\\c@x.example"].map((email) => {
      const id = randomUUID()
      return { id, issuer: "latchkey", subject: id, email, passwordHash: "hash" }
    })
    // One statement, so all rows have the same creation time.
    await database.db.insert(owners).values(rows)
    await database.db.update(owners).set({ disabledAt: new Date() }).where(eq(owners.email, "adam@x.example"))
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const list = (input: Partial<Parameters<Auth["admin"]["users"]["list"]>[0]> = {}) =>
    auth.admin.users.list({ cursor: null, limit: 50, status: "all", search: "", ...input })
  const emailsOf = async (...args: Parameters<typeof list>) =>
    (await list(...args)).items.map(({ email }) => email?.split("@")[0]).sort()

  test("searches by any part of the email, without wildcards", async () => {
    expect(await emailsOf({ search: "ADA" })).toEqual(["ada", "adam"])
    expect(await emailsOf({ search: "ada@x.example" })).toEqual(["ada"])
    expect(await emailsOf({ search: "ab_" })).toEqual(["ab_c"])
    expect(await emailsOf({ search: "a%" })).toEqual(["a%c"])
    expect(await emailsOf({ search: "a\\" })).toEqual(["a\\c"])
    expect(await emailsOf({ search: "%" })).toEqual(["a%c"])
    expect(await emailsOf({ search: "DA" })).toEqual(["ada", "adam"])
    expect(await emailsOf({ search: "m@x.ex" })).toEqual(["adam"])
    expect(await emailsOf({ search: "_" })).toEqual(["ab_c"])
    expect(await emailsOf({ search: "'; drop table users; --" })).toEqual([])
  })

  test("shows the enabled users, the disabled ones, or all", async () => {
    expect(await emailsOf({ status: "disabled" })).toEqual(["adam"])
    expect(await emailsOf({ status: "enabled", search: "ad" })).toEqual(["ada"])
    expect(await emailsOf()).toHaveLength(6)
  })

  test("has pages without gaps or duplicates, even if users register meanwhile", async () => {
    const before = (await list()).items.map(({ id }) => id)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await list({ limit: 2, cursor })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
      await signUp(auth)
    } while (cursor)
    expect(seen).toEqual(before)

    const found: string[] = []
    do {
      const page = await list({ limit: 2, cursor, search: "a" })
      found.push(
        ...page.items.map(({ email }) => email?.split("@")[0] ?? "").filter((name) => name.length < 5),
      )
      cursor = page.nextCursor
    } while (cursor)
    expect(found).toEqual(["a%c", "a\\c", "ab_c", "abbc", "ada", "adam"])
    await expect(list({ cursor: "made up" })).rejects.toMatchObject({ reason: "INVALID_INPUT" })
  })

  test("has the number of a user's active keys, but no password hash", async () => {
    const user = await signUp(auth)
    const keys = []
    for (let n = 0; n < 3; n++) {
      keys.push(await auth.apiKeys.create(user.caller, { label: "x", expiresAt: null, scopes: null }, client))
    }
    await auth.apiKeys.revoke(user.caller, { id: keys[0]?.id ?? "" }, client)
    await database.db
      .update(apiKeys)
      .set({ expiresAt: new Date() })
      .where(eq(apiKeys.id, keys[1]?.id ?? ""))

    const { items } = await list({ search: user.email })

    expect(items).toEqual([{ ...user.owner, disabledAt: null, activeKeys: 1, hasSecondFactor: false }])
  })
})
