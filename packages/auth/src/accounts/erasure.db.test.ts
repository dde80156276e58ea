import { randomUUID } from "node:crypto"
import { eraseUser, findUnfinishedErasures } from "@latchkey/db"
import { auditEvents, apiKeys as keysTable, owners, sessions } from "@latchkey/db/schema"
import { eq, sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, gate, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { importLines, lineOf, newForeignKey } from "../../test/importLines.ts"
import { asHost, newKeyInput, newSubject, trusted, useOwners } from "../../test/useOwners.ts"
import { ownerIdOf } from "../identities/ownerIdOf.ts"
import { createSweeper } from "../sweeper.ts"

describe.each(["PostgreSQL", "embedded"] as const)("erasing users on %s", (kind) => {
  const on = useOwners(kind)

  const rowOf = async (id: string) => (await on.db.select().from(owners).where(eq(owners.id, id)))[0]
  const keysOf = (id: string) => on.db.select().from(keysTable).where(eq(keysTable.ownerId, id))
  const trailOf = (id: string) => on.db.select().from(auditEvents).where(eq(auditEvents.ownerId, id))

  /** All rows of all tables, as text. */
  async function readEverything(): Promise<string> {
    const rows = await on.db.execute(sql`
      select to_jsonb(owners)::text as row from owners union all
      select to_jsonb(sessions)::text from sessions union all
      select to_jsonb(api_keys)::text from api_keys union all
      select to_jsonb(audit_events)::text from audit_events`)
    return JSON.stringify(rows)
  }

  async function signUpAdmin() {
    const admin = await signUp(on.here)
    await on.db.update(owners).set({ role: "admin" }).where(eq(owners.id, admin.user.id))
    return { ...admin, by: on.here.administratorOf(await on.callerOf(admin.headers)) }
  }

  test("end every credential on all instances from the next call, and nothing brings the user back", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    const { key } = await on.createKey(user.headers)
    expect(await on.there.authenticate(withApiKey(key))).toMatchObject({ caller: { via: "apiKey" } })

    await on.here.admin.users.erase(admin.by, user.user, client)

    const rejected = { caller: null, problem: "invalid" }
    expect(await on.there.authenticate(withApiKey(key))).toMatchObject(rejected)
    expect(await on.there.authenticate(user.headers)).toMatchObject(rejected)
    await expect(on.there.accounts.refresh(user, client)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    await expect(on.there.accounts.login(user, client)).rejects.toMatchObject({ reason: "LOGIN_FAILED" })
    const enabled = on.here.admin.users.enable(admin.by, user.user, client)
    await expect(enabled).rejects.toMatchObject({ reason: "NOT_FOUND" })
    expect(await on.there.authenticate(user.headers)).toMatchObject(rejected)
  })

  test("leave no personal data in any table, except the identity of the administrator", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    const mark = randomUUID()
    const theirs = { ...client, address: `192.0.2.77 ${mark}`, device: `Browser ${mark}` }
    const { id } = await on.here.apiKeys.create(
      user.caller,
      { label: `Ada's ${mark}`, expiresAt: null, scopes: null, allowedIps: ["198.51.100.7/32"] },
      theirs,
    )
    await on.here.apiKeys.update(user.caller, { id, label: `Ada's other ${mark}` }, theirs)
    await on.here.accounts.login(user, theirs)
    await on.here.accounts.login({ ...user, password: "wrong" }, theirs).catch(() => {})
    const actor = `lovelace ${mark}`
    await on.here.apiKeys.create({ ...user.caller, actor }, { ...newKeyInput, label: mark }, theirs)
    expect((await readEverything()).split(mark).length).toBeGreaterThan(10)

    await on.here.admin.users.erase(admin.by, user.user, { ...client, address: "203.0.113.9" })

    const left = await readEverything()
    for (const personal of [mark, user.email, "198.51.100.7"]) expect(left).not.toContain(personal)
    expect(await on.db.select().from(sessions).where(eq(sessions.userId, user.user.id))).toEqual([])
    expect(await rowOf(user.user.id)).toMatchObject({
      ...{ email: null, passwordHash: null, role: "user", subject: user.user.id },
      ...{ erasedAt: expect.any(Date), disabledAt: expect.any(Date), strippedAt: expect.any(Date) },
    })
    for (const row of await keysOf(user.user.id)) {
      expect(row).toMatchObject({ revokedAt: expect.any(Date), keyHash: null, receipt: null, metadata: null })
      expect(row).toMatchObject({ label: "", allowedIps: null, createdBy: user.user.id })
    }
    const trail = await trailOf(user.user.id)
    expect(trail.map((event) => event.kind)).toContain("loginFailed")
    expect(trail.filter((event) => event.kind === "userErased")).toMatchObject([
      { actorId: admin.user.id, via: "session", address: "203.0.113.9" },
    ])
  })

  test("remove an erased administrator's address and name from events about others", async () => {
    const [admin, former, user] = [await signUpAdmin(), await signUpAdmin(), await signUp(on.here)]
    const address = `192.0.2.88 ${randomUUID()}`
    await on.here.admin.users.disable(former.by, user.user, { ...client, address })

    await on.here.admin.users.erase(admin.by, former.user, client)

    expect(await readEverything()).not.toContain(address)
    const disabled = (await trailOf(user.user.id)).find((event) => event.kind === "userDisabled")
    expect(disabled).toMatchObject({ actorId: former.user.id, address: null, device: null, actor: null })
    const acted = on.here.admin.users.enable(former.by, user.user, client)
    await expect(acted).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
  })

  test("free the email for a new user, and remove the user from lists", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    await on.createKey(user.headers)
    await on.here.admin.users.erase(admin.by, user.user, client)

    const { user: next } = await on.here.accounts.register(user, client)

    expect(next.id).not.toBe(user.user.id)
    expect(await on.there.authenticate(user.headers)).toMatchObject({ caller: null })
    const { items } = await on.here.admin.users.list({ cursor: null, limit: 100, status: "all", search: "" })
    const ids = items.map(({ id }) => id)
    expect([ids.includes(user.user.id), ids.includes(next.id)]).toEqual([false, true])
    const page = { cursor: null, limit: 100, status: "all", userId: user.user.id, search: "" } as const
    expect((await on.here.admin.apiKeys.list(page)).items).toEqual([])
  })

  test("change nothing when they are repeated, and also work for disabled users", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    await on.here.admin.users.disable(admin.by, user.user, client)
    const disabledAt = (await rowOf(user.user.id))?.disabledAt
    await on.here.admin.users.erase(admin.by, user.user, client)
    const erased = await rowOf(user.user.id)
    expect(erased?.disabledAt).toEqual(disabledAt)

    await on.there.admin.users.erase(admin.by, user.user, client)
    await on.there.admin.users.disable(admin.by, user.user, client)

    expect(await rowOf(user.user.id)).toEqual(erased)
    const kinds = (await trailOf(user.user.id)).map((event) => event.kind)
    expect(kinds.filter((kind) => kind === "userErased")).toHaveLength(1)
  })

  test("need an administrator, who can't erase themselves, and an existing user", async () => {
    const [admin, former, user] = [await signUpAdmin(), await signUpAdmin(), await signUp(on.here)]
    const { erase } = on.here.admin.users
    await expect(erase(admin.by, admin.user, client)).rejects.toMatchObject({ reason: "FORBIDDEN" })
    const own = { issuer: "latchkey", subject: randomUUID() }
    for (const unknown of [{ id: randomUUID() }, { id: "no id" }, own]) {
      await expect(erase(admin.by, unknown, client)).rejects.toMatchObject({ reason: "NOT_FOUND" })
    }
    await expect(on.here.admin.users.disable(admin.by, own, client)).rejects.toMatchObject({
      reason: "NOT_FOUND",
    })
    await on.db.update(owners).set({ role: "user" }).where(eq(owners.id, former.user.id))
    await expect(erase(former.by, user.user, client)).rejects.toMatchObject({ reason: "FORBIDDEN" })
    expect(await on.here.authenticate(user.headers)).toMatchObject({ caller: { via: "jwt" } })
  })

  test("of other issuers' owners refuse their tokens, their identity from the host and their keys for good", async () => {
    const by = await on.administrator()
    const issuer = trusted.issuer
    const [hosted, provided] = [newSubject(), newSubject()]
    const keys = await Promise.all([
      on.createKey(asHost({ subject: hosted })),
      on.createKey(trusted.bearer({ subject: provided })),
    ])

    await on.here.admin.users.erase(by, { issuer: "host", subject: hosted }, client)
    await on.here.admin.users.erase(by, { id: ownerIdOf({ issuer, subject: provided }) }, client)

    const rejected = { caller: null, problem: "invalid" }
    for (const headers of [
      asHost({ subject: hosted }),
      trusted.bearer({ subject: provided }),
      ...keys.map(({ key }) => withApiKey(key)),
    ]) {
      expect(await on.there.authenticate(headers)).toMatchObject(rejected)
    }
    const enabled = on.here.admin.users.enable(by, { issuer: "host", subject: hosted }, client)
    await expect(enabled).rejects.toMatchObject({ reason: "NOT_FOUND" })
    expect(await on.rowsOf(hosted)).toEqual([])
    const everything = await readEverything()
    for (const subject of [hosted, provided]) expect(everything).not.toContain(`"${subject}\\"`)
  })

  test("are possible before an owner is first seen, and refuse the owner from then on", async () => {
    const by = await on.administrator()
    const subject = newSubject()
    await on.here.admin.users.erase(by, { issuer: "host", subject }, client)
    expect(await on.there.authenticate(asHost({ subject }))).toMatchObject({ caller: null })
    expect(await on.rowsOf(subject)).toEqual([])
  })

  test("don't collide with any other subject", async () => {
    const by = await on.administrator()
    const subject = newSubject()
    const id = ownerIdOf({ issuer: "host", subject })
    await on.createKey(asHost({ subject: id }))
    await on.createKey(asHost({ subject }))
    await on.here.admin.users.erase(by, { issuer: "host", subject }, client)
    expect(await on.there.authenticate(asHost({ subject: id }))).toMatchObject({ caller: { owner: {} } })
  })

  test("are not undone by importing the same keys or others", async () => {
    const by = await on.administrator()
    const auth = on.open({ importedKeyPrefixes: ["sk_live_"] })
    const key = newForeignKey()
    const line = await lineOf(key)
    await importLines(on.db, [line])
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: {} })

    await on.here.admin.users.erase(by, { issuer: "host", subject: line.subject }, client)

    const again = await importLines(on.db, [line, await lineOf(newForeignKey(), { subject: line.subject })])
    expect(again).toMatchObject({ imported: 0, revoked: 1, refused: 1 })
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: null })
  })

  test.runIf(kind === "PostgreSQL")(
    "keep out keys that are imported meanwhile, of an owner without a row",
    async () => {
      const by = await on.administrator()
      const line = await lineOf(newForeignKey())
      const [begun, resumed] = [gate(), gate()]
      const holder = on.db.transaction(async (tx) => {
        await tx.execute(sql`lock table ${auditEvents} in exclusive mode`)
        begun.resolve()
        await resumed.promise
      })
      await begun.promise
      // Waits with the row of the owner, before it is committed.
      const erased = on.here.admin.users.erase(by, { issuer: "host", subject: line.subject }, client)
      await on.untilWaiting(1)
      const imported = importLines(on.db, [line])
      await on.untilWaiting(2)
      resumed.resolve()
      await Promise.all([holder, erased])

      expect((await imported).refusals).toEqual(["1 subject: this owner has been erased"])
      expect(await keysOf(ownerIdOf({ issuer: "host", subject: line.subject }))).toEqual([])
    },
  )

  test("that were interrupted are finished by the sweeper", async () => {
    const [admin, user] = [await signUpAdmin(), await signUp(on.here)]
    const mark = randomUUID()
    await on.db.execute(sql`
      insert into audit_events (owner_id, kind, via, request_id, address)
      select ${user.user.id}, 'loggedIn', 'password', n::text, ${mark} from generate_series(1, 2500) as n`)
    await on.db.execute(sql`
      insert into sessions (user_id, family_hash, turn_hash, device, expires_at)
      select ${user.user.id}, '\\x00', '\\x00', ${mark}, now() from generate_series(1, 1500) as n`)
    await on.db.execute(sql`
      insert into api_keys (owner_id, lookup_id, key_hash, label, created_by)
      select ${user.user.id}, lpad(to_hex(n), 16, '0'), 'hash', ${mark}, 'import' from generate_series(1, 1500) as n`)

    // As if the process had crashed after the first transaction.
    await eraseUser(on.db, { affected: user.user, by: admin.by, adminEmails: [], client })
    expect(await on.there.authenticate(user.headers)).toMatchObject({ caller: null })
    expect(await readEverything()).toContain(mark)
    expect(await findUnfinishedErasures(on.db, { limit: 10 })).toEqual([user.user.id])

    const onError = (error: unknown) => {
      throw error
    }
    const sweepers = [1, 2].map(() => createSweeper(on.db, { auditRetentionDays: 365, onError }))
    await Promise.all(sweepers.map((sweeper) => sweeper.sweep()))
    await Promise.all(sweepers.map((sweeper) => sweeper.close()))

    expect(await readEverything()).not.toContain(mark)
    expect(await findUnfinishedErasures(on.db, { limit: 10 })).toEqual([])
    const keys = await keysOf(user.user.id)
    expect(keys.every(({ keyHash, revokedAt }) => keyHash === null && revokedAt !== null)).toBe(true)
    expect(keys).toHaveLength(1_500)
  })

  test("that can't be finished don't make others wait", async () => {
    const admin = await signUpAdmin()
    const users = await Promise.all([signUp(on.here), signUp(on.here)])
    for (const { user } of users) {
      await on.db.execute(sql`
        insert into audit_events (owner_id, kind, via, request_id, address)
        select ${user.id}, 'loggedIn', 'password', n::text, '192.0.2.1' from generate_series(1, 1500) as n`)
      await eraseUser(on.db, { affected: user, by: admin.by, adminEmails: [], client })
    }
    const [stuck = "", next] = await findUnfinishedErasures(on.db, { limit: 10 })
    await on.db.execute(sql`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'stuck'; end $$`)
    await on.db.execute(
      sql.raw(`create trigger refuse before update on owners for each row
        when (old.id = '${stuck}') execute function refuse()`),
    )

    const errors: unknown[] = []
    const sweeper = createSweeper(on.db, { auditRetentionDays: 365, onError: (error) => errors.push(error) })
    await sweeper.sweep()
    expect(next).toBeDefined()
    expect(await findUnfinishedErasures(on.db, { limit: 10 })).toEqual([stuck])
    expect(errors).toHaveLength(1)

    await on.db.execute(sql`drop trigger refuse on owners`)
    await sweeper.sweep()
    expect(await findUnfinishedErasures(on.db, { limit: 10 })).toEqual([])
    await sweeper.close()
  })

  test("of the last administrator by role make the oldest remaining user an administrator", async () => {
    const oldest = await on.db
      .select()
      .from(owners)
      .where(sql`erased_at is null and issuer = 'latchkey'`)
      .orderBy(owners.createdAt, owners.id)
      .limit(2)
    const [first, second] = oldest
    if (!first || !second) throw new TypeError("no users")
    await on.here.admin.users.erase(await on.administrator(), { id: first.id }, client)
    await on.db.update(owners).set({ role: "user" })
    await on.open({ adminEmails: null }).syncAdmins()
    const admins = await on.db.select({ id: owners.id }).from(owners).where(eq(owners.role, "admin"))
    expect(admins).toEqual([{ id: second.id }])
  })
})
