import { randomUUID } from "node:crypto"
import { owners, apiKeys as table } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { eq } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { client, createTestAuth, newSecret, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { importLines, lineOf, newForeignKey } from "../../test/importLines.ts"
import type { Auth } from "../createAuth.ts"
import type { Caller } from "../identities/caller.ts"

describe.each(["PostgreSQL", "embedded"] as const)("all users' keys on %s", (kind) => {
  let database: OpenTestDatabase
  const secrets = { current: newSecret() }
  let here: Auth
  let there: Auth
  let admin: Awaited<ReturnType<typeof signUp>>
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    here = createTestAuth(database.db, { secrets })
    there = createTestAuth(database.db, { secrets })
    admin = await signUp(here)
    await database.db.update(owners).set({ role: "admin" }).where(eq(owners.id, admin.user.id))
  })
  afterAll(() => database[Symbol.asyncDispose]())

  async function adminSession() {
    const { caller } = await here.authenticate(admin.headers)
    if (!caller) throw new TypeError("not signed in")
    return here.administratorOf(caller)
  }

  const createKey = (owner: { caller: Caller }, label: string) =>
    here.apiKeys.create(owner.caller, { label, expiresAt: null, scopes: null }, client)

  const list = (input: Partial<Parameters<Auth["admin"]["apiKeys"]["list"]>[0]> = {}) =>
    here.admin.apiKeys.list({ cursor: null, limit: 50, status: "active", userId: null, search: "", ...input })
  const find = async (search: string) => (await list({ search })).items.map(({ label }) => label).sort()

  test("are found by a prefix of the label, without wildcards", async () => {
    const owner = await signUp(here)
    const word = randomUUID()
    for (const label of ["Build", "b_ild", "b%ild", "b\\ild"]) await createKey(owner, `${word} ${label}`)
    const found = async (begin: string) =>
      (await find(`${word} ${begin}`)).map((label) => label.slice(word.length + 1))

    expect(await found("BUILD")).toEqual(["Build"])
    expect(await found("b_")).toEqual(["b_ild"])
    expect(await found("b%")).toEqual(["b%ild"])
    expect(await found("b\\")).toEqual(["b\\ild"])
    expect(await find("ild")).toEqual([])
    expect(await find("' or true --")).toEqual([])
  })

  test("imported keys can be listed separately, including ended ones", async () => {
    const [key, ended] = [newForeignKey(), newForeignKey()]
    await importLines(database.db, [
      await lineOf(key, { label: "old" }),
      await lineOf(ended, { label: "older", createdAt: "2020-01-01T00:00:00Z" }),
    ])
    await createKey(await signUp(here), "new")
    const imported = async (status: "active" | "all") => (await list({ origin: "imported", status })).items

    expect((await imported("active")).map(({ label }) => label)).toEqual(["old", "older"])
    await here.admin.apiKeys.revoke(
      await adminSession(),
      { id: (await imported("all"))[1]?.id ?? "" },
      client,
    )
    expect((await imported("active")).map(({ label }) => label)).toEqual(["old"])
    expect((await imported("all")).map(({ label }) => label)).toEqual(["old", "older"])
  })

  test("are found by the owner's email, by id, and by the whole key or its beginning", async () => {
    const [owner, other] = [await signUp(here), await signUp(here)]
    const { id, start, key } = await createKey(owner, "leaked")
    await createKey(owner, "kept")
    await createKey(other, "other")

    expect(await find(owner.email.toUpperCase())).toEqual(["kept", "leaked"])
    for (const search of [start, key.slice(0, 12), key.slice(0, 40), key, id]) {
      expect(await find(search)).toEqual(["leaked"])
    }
    // The result does not reveal whether the secret part is right.
    expect(await find(`${key.slice(0, 16)}${"0".repeat(48)}`)).toEqual(["leaked"])
    expect(await find(owner.email.slice(0, 10))).toEqual([])
    expect(await find(start.slice(0, 7))).toEqual([])
  })

  test("are listed for one user, with their owner, and without secrets or hashes", async () => {
    const owner = await signUp(here)
    const { key, ...created } = await createKey(owner, "one")
    const { items } = await list({ userId: owner.user.id })
    const { id, issuer, subject, email } = owner.owner
    expect(items).toEqual([
      {
        ...created,
        lastUsedAt: null,
        revokedAt: null,
        owner: { id, issuer, subject, email, disabledAt: null },
      },
    ])
    expect(JSON.stringify(items)).not.toContain(key.slice(8))
    for (const userId of [randomUUID(), "no id"]) expect((await list({ userId })).items).toEqual([])
  })

  test("are listed in pages without gaps or duplicates, even if created in the same millisecond", async () => {
    const owner = await signUp(here)
    const ids: string[] = []
    for (let n = 0; n < 7; n++) ids.push((await createKey(owner, `page ${n}`)).id)
    await database.db
      .update(table)
      .set({ createdAt: new Date(0) })
      .where(eq(table.ownerId, owner.user.id))
    const allPages = async (search: string) => {
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const page = await list({ limit: 3, cursor, search, userId: owner.user.id })
        seen.push(...page.items.map(({ id }) => id))
        cursor = page.nextCursor
        await createKey(admin, "page 00")
      } while (cursor)
      return seen
    }

    expect(await allPages("PAGE ")).toEqual(ids)
    await database.db.update(table).set({ label: "Page" }).where(eq(table.ownerId, owner.user.id))
    expect(await allPages("page")).toEqual([...ids].sort())
    expect(await allPages("")).toEqual([...ids].sort().reverse())
  })

  test("can be revoked by an administrator once, on all instances immediately", async () => {
    const owner = await signUp(here)
    const { id, key } = await createKey(owner, "to revoke")
    expect(await there.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
    const by = await adminSession()

    await here.admin.apiKeys.revoke(by, { id }, client)

    expect(await there.authenticate(withApiKey(key))).toMatchObject({ caller: null, problem: "invalid" })
    for (const unknown of [id, randomUUID(), "no id", "\0"]) {
      await expect(here.admin.apiKeys.revoke(by, { id: unknown }, client)).rejects.toMatchObject({
        reason: "NOT_FOUND",
      })
    }
    const [row] = await database.db.select().from(table).where(eq(table.id, id))
    expect(row).toMatchObject({ keyHash: null, receipt: null, receiptSecretId: null })
    const all = { userId: owner.user.id, status: "all" } as const
    expect((await list({ userId: owner.user.id })).items).toEqual([])
    expect((await list(all)).items).toMatchObject([{ id, revokedAt: expect.any(Date) }])
  })
})
