import { apiKeys, auditEvents, owners } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { eq, sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest"
import { createFakeIssuer } from "../../test/createFakeIssuer.ts"
import { client, createTestAuth, newSecret, signUp, withApiKey } from "../../test/createTestAuth.ts"
import type { Auth, AuthOptions } from "../createAuth.ts"
import type { Caller } from "./caller.ts"
import { ownerIdOf } from "./ownerIdOf.ts"

const SCOPES = ["reports:read", "reports:write"]
const trusted = createFakeIssuer("https://login.example.com")

/** The host's users are named by a header, as a cookie would. */
const identify: AuthOptions["identify"] = (headers) => JSON.parse(headers.get("x-test-identity") ?? "null")
const asHost = (identity: object) => new Headers({ "x-test-identity": JSON.stringify(identity) })

describe.each(["PostgreSQL", "embedded"] as const)("owners without an own account on %s", (kind) => {
  let database: OpenTestDatabase
  const secrets = { current: newSecret() }
  const options = { secrets, scopes: SCOPES, identify, trustedIssuers: trusted.issuers }
  const open = (more: Partial<AuthOptions> = {}) => createTestAuth(database.db, { ...options, ...more })
  /** Two instances of the service. */
  let here: Auth
  let there: Auth
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    here = open()
    there = open()
  })
  afterAll(() => database[Symbol.asyncDispose]())

  let made = 0
  const newSubject = () => `org_${++made}`

  async function callerOf(headers: Headers, auth = here): Promise<Caller> {
    const { caller } = await auth.authenticate(headers)
    if (!caller) throw new TypeError("not authenticated")
    return caller
  }
  const input = { label: "nightly import", expiresAt: null, scopes: null }
  const createKey = async (headers: Headers, auth = here) =>
    auth.apiKeys.create(await callerOf(headers, auth), input, client)
  const rowsOf = (subject: string) => database.db.select().from(owners).where(eq(owners.subject, subject))
  const administrator = async (auth = here) =>
    auth.administratorOf(await callerOf(asHost({ subject: "operations", role: "admin" }), auth))

  test("have a row once they have a key, and the key speaks for them", async () => {
    const subject = newSubject()
    const headers = asHost({ subject, actor: "user_7", email: "ada@example.com" })
    const id = ownerIdOf({ issuer: "host", subject })
    const owner = { id, issuer: "host", subject, email: "ada@example.com", role: "user", createdAt: null }

    const caller = { owner, actor: "user_7", scopes: SCOPES, isScoped: false, manage: "write", via: "host" }
    expect(await here.authenticate(headers)).toEqual({ caller })
    expect(await rowsOf(subject)).toEqual([])
    const { key, createdBy } = await createKey(headers)

    expect(createdBy).toBe("user_7")
    expect(await rowsOf(subject)).toMatchObject([{ id, issuer: "host", email: null, passwordHash: null }])
    expect(await callerOf(withApiKey(key))).toMatchObject({
      owner: { id, subject, email: null },
      scopes: SCOPES,
    })
    expect(await callerOf(withApiKey(key))).not.toHaveProperty("actor")
    const { items } = await here.audit.list({ id }, { cursor: null, limit: 10 })
    expect(items).toMatchObject([{ kind: "apiKeyCreated", via: "host", actor: "user_7", credentialId: null }])
  })

  test("are the same by the host's cookie and by the JWT of an issuer that it names", async () => {
    const subject = newSubject()
    const { id, key } = await createKey(asHost({ subject, issuer: trusted.issuer }))
    const byToken = await callerOf(trusted.bearer({ subject }))

    expect(byToken).toMatchObject({ via: "jwt", owner: { issuer: trusted.issuer, subject } })
    await here.apiKeys.revoke(byToken, { id }, client)

    expect(await there.authenticate(withApiKey(key))).toMatchObject({ caller: null, cause: "unknown" })
  })

  test("a JWT gives a key only the declared scopes that it has", async () => {
    const headers = trusted.bearer({ subject: newSubject(), scopes: ["reports:read", "billing:read"] })
    const caller = await callerOf(headers)
    expect(caller.scopes).toEqual(["reports:read"])

    expect(await here.apiKeys.create(caller, input, client)).toMatchObject({ scopes: ["reports:read"] })
    const more = here.apiKeys.create(caller, { ...input, scopes: ["reports:write"] }, client)
    await expect(more).rejects.toMatchObject({ reason: "INSUFFICIENT_SCOPE" })
  })

  test("a JWT that expires while the call waits changes nothing", async () => {
    const subject = newSubject()
    const caller = await callerOf(trusted.bearer({ subject, expiresAt: Date.now() / 1000 + 60 }))
    const expired = { ...caller, expiresAt: new Date(Date.now() - 60_000) } as Caller

    await expect(here.apiKeys.create(expired, input, client)).rejects.toMatchObject({
      reason: "UNAUTHENTICATED",
    })
    expect(await rowsOf(subject)).toEqual([])
  })

  test("disabled ones are rejected everywhere from the next call, whatever vouches for them", async () => {
    const subject = newSubject()
    const headers = asHost({ subject })
    const { key } = await createKey(headers)
    const by = await administrator()

    await here.admin.users.disable(by, { issuer: "host", subject }, client)

    const rejected = { caller: null, problem: "invalid", cause: "ownerDisabled" }
    expect(await there.authenticate(headers)).toEqual(rejected)
    expect(await there.authenticate(withApiKey(key))).toMatchObject(rejected)
    await here.admin.users.enable(by, { id: ownerIdOf({ issuer: "host", subject }) }, client)
    expect(await there.authenticate(headers)).toMatchObject({ caller: { via: "host" } })
    expect(await there.authenticate(withApiKey(key))).toMatchObject({ caller: { via: "apiKey" } })
  })

  test("can be disabled before they are first seen, and enabling one without a row writes none", async () => {
    const [seen, unseen] = [newSubject(), newSubject()]
    const by = await administrator()

    await here.admin.users.disable(by, { issuer: trusted.issuer, subject: seen }, client)
    await here.admin.users.enable(by, { issuer: trusted.issuer, subject: unseen }, client)

    expect(await there.authenticate(trusted.bearer({ subject: seen }))).toMatchObject({ caller: null })
    expect(await there.authenticate(trusted.bearer({ subject: unseen }))).toMatchObject({ caller: {} })
    expect(await rowsOf(unseen)).toEqual([])
    const [event] = await database.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.ownerId, ownerIdOf({ issuer: trusted.issuer, subject: seen })))
    expect(event).toMatchObject({ kind: "userDisabled", via: "host", actor: "operations" })
  })

  test.each([
    { issuer: "https://evil.example.com", subject: "org_42" },
    { issuer: "host", subject: "a\nb" },
  ])("%j can't be disabled", async (user) => {
    const disabled = here.admin.users.disable(await administrator(), user, client)
    await expect(disabled).rejects.toMatchObject({ reason: "INVALID_INPUT" })
  })

  test("no key of an owner is accepted who is disabled while their first key is created", async () => {
    const by = await administrator()
    for (let round = 0; round < 20; round++) {
      const subject = newSubject()
      const caller = await callerOf(asHost({ subject }))
      const [created] = await Promise.allSettled([
        here.apiKeys.create(caller, input, client),
        there.admin.users.disable(by, { issuer: "host", subject }, client),
      ])
      if (created.status === "fulfilled") {
        expect(await here.authenticate(withApiKey(created.value.key))).toMatchObject({ caller: null })
      } else {
        expect(created.reason).toMatchObject({ reason: "UNAUTHENTICATED" })
      }
      expect(await rowsOf(subject)).toMatchObject([{ disabledAt: expect.any(Date) }])
    }
  })

  test("administrators without a row who disable each other concurrently can't all succeed", async () => {
    for (let round = 0; round < 5; round++) {
      const subjects = [newSubject(), newSubject(), newSubject()]
      const admins = await Promise.all(
        subjects.map(async (subject) =>
          here.administratorOf(await callerOf(asHost({ subject, role: "admin" }))),
        ),
      )
      const results = await Promise.allSettled(
        admins.map((by, index) => {
          const subject = subjects[(index + 1) % subjects.length] ?? ""
          return (index === 1 ? there : here).admin.users.disable(by, { issuer: "host", subject }, client)
        }),
      )
      const refused = results.filter(({ status }) => status === "rejected")
      expect(refused.length).toBeGreaterThan(0)
      for (const result of refused) expect(result).toMatchObject({ reason: { reason: "UNAUTHENTICATED" } })
    }
  })

  test("subjects named by configuration administer, by JWT and never by key", async () => {
    const subject = newSubject()
    const auth = open({ adminSubjects: [{ issuer: trusted.issuer, subject }] })
    const headers = trusted.bearer({ subject })
    const { key } = await createKey(headers, auth)

    const by = auth.administratorOf(await callerOf(headers, auth))
    await auth.admin.users.disable(by, { issuer: "host", subject: newSubject() }, client)

    const forbidden = expect.objectContaining({ reason: "FORBIDDEN" })
    const byKey = await callerOf(withApiKey(key), auth)
    expect(() => auth.administratorOf(byKey)).toThrow(forbidden)
    const elsewhere = await callerOf(headers)
    expect(() => here.administratorOf(elsewhere)).toThrow(forbidden)
    const own = auth.admin.users.disable(by, { issuer: trusted.issuer, subject }, client)
    await expect(own).rejects.toMatchObject({ reason: "FORBIDDEN" })
  })

  test("the host is asked only about requests without a credential of Latchkey's", async () => {
    const asked = vi.fn<NonNullable<AuthOptions["identify"]>>(() => null)
    const auth = open({ identify: asked })
    const { headers } = await signUp(auth)
    const { key } = await auth.as({ subject: newSubject() }).apiKeys.create({ label: "x" })
    const request = { cookie: "of the host" }

    for (const credential of [
      headers,
      withApiKey(key),
      withApiKey("wrong"),
      trusted.bearer({ subject: "x" }),
    ]) {
      await auth.authenticate(credential, client, request)
    }
    expect(asked).not.toHaveBeenCalled()

    const none = new Headers()
    expect(await auth.authenticate(none, client, request)).toMatchObject({ problem: "none", cause: "none" })
    expect(asked).toHaveBeenCalledExactlyOnceWith(none, request)
    const foreign = new Headers({ authorization: "Bearer of-the-host" })
    expect(await auth.authenticate(foreign, client, request)).toMatchObject({ problem: "invalid" })
  })

  test("keys of issuers that an instance does not serve are rejected there", async () => {
    const subject = newSubject()
    const products = [open({ hostIssuer: "acme" }), open({ hostIssuer: "globex" })] as const
    const { key } = await products[0].as({ subject }).apiKeys.create({ label: "x" })

    expect(await products[0].authenticate(withApiKey(key))).toMatchObject({
      caller: { owner: { issuer: "acme" } },
    })
    expect(await products[1].authenticate(withApiKey(key))).toMatchObject({ caller: null, cause: "unknown" })
    const both = open({ hostIssuer: "globex", servedIssuers: ["acme"] })
    expect(await both.authenticate(withApiKey(key))).toMatchObject({ caller: { owner: { subject } } })
    expect(() => products[1].as({ subject, issuer: "acme" })).toThrow(
      expect.objectContaining({ reason: "INVALID_INPUT", field: "issuer" }),
    )
  })

  test("without own accounts, their tokens are refused and their keys go on", async () => {
    const { headers, caller } = await signUp(here)
    const { key } = await here.apiKeys.create(caller, input, client)
    const off = open({ passwords: "off" })

    expect(await off.authenticate(headers)).toMatchObject({ caller: null, problem: "invalid" })
    expect(await off.authenticate(withApiKey(key))).toMatchObject({ caller: { owner: caller.owner } })
  })

  test("a key's scope that a host does not declare is kept and listed there, and grants nothing", async () => {
    const subject = newSubject()
    const created = await here.as({ subject }).apiKeys.create({ label: "x", scopes: ["reports:read"] })
    const other = open({ scopes: ["billing:read"] })

    expect(await callerOf(withApiKey(created.key), other)).toMatchObject({ scopes: [], isScoped: true })
    expect((await other.as({ subject }).apiKeys.list()).items).toMatchObject([{ scopes: ["reports:read"] }])
    expect(await callerOf(withApiKey(created.key))).toMatchObject({ scopes: ["reports:read"] })
  })

  test("a key that needs an unknown check has no verdict, and a wrong secret is still rejected", async () => {
    const { id, key } = await here.as({ subject: newSubject() }).apiKeys.create({ label: "x" })
    await database.db
      .update(apiKeys)
      .set({ checks: ["scopes", "moonPhase"] })
      .where(eq(apiKeys.id, id))

    await expect(here.authenticate(withApiKey(key))).rejects.toMatchObject({ reason: "UNAVAILABLE" })
    const wrong = key.slice(0, 63) + (key.endsWith("0") ? "1" : "0")
    expect(await here.authenticate(withApiKey(wrong))).toMatchObject({ caller: null, cause: "mismatch" })
  })

  test("a key is valid only with the prefix that it was created with", async () => {
    const subject = newSubject()
    const prefixed = open({ keyPrefix: "acme" })
    const { key, start } = await prefixed.as({ subject }).apiKeys.create({ label: "x" })
    const plain = await here.as({ subject }).apiKeys.create({ label: "x" })

    expect(key).toMatch(/^acme_[0-9a-f]{72}$/)
    expect(start).toBe(key.slice(0, 13))
    for (const auth of [prefixed, here]) {
      expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: { via: "apiKey" } })
      expect(await auth.authenticate(withApiKey(plain.key))).toMatchObject({ caller: { via: "apiKey" } })
    }
    expect(await here.authenticate(withApiKey(key.slice(5, 69)))).toMatchObject({ cause: "unknown" })
    const checksum = key.endsWith("0") ? "1" : "0"
    expect(await here.authenticate(withApiKey(key.slice(0, -1) + checksum))).toMatchObject({
      cause: "malformed",
    })
  })

  test("1,000 disabled subjects are rejected by the other instance from the next call", async () => {
    const by = await administrator()
    const subjects = Array.from({ length: kind === "embedded" ? 100 : 1_000 }, newSubject)
    let accepted = 0
    async function work() {
      for (let subject = subjects.pop(); subject !== undefined; subject = subjects.pop()) {
        const headers = trusted.bearer({ subject })
        if (!(await there.authenticate(headers)).caller) throw new TypeError("rejected too early")
        await here.admin.users.disable(by, { issuer: trusted.issuer, subject }, client)
        if ((await there.authenticate(headers)).caller) accepted++
      }
    }
    await Promise.all(Array.from({ length: 4 }, work))
    expect(accepted).toBe(0)
  }, 60_000)

  test("verifying a credential writes nothing", async () => {
    const subject = newSubject()
    const count = () => database.db.select({ rows: sql`count(*)` }).from(owners)
    const before = await count()
    for (const headers of [asHost({ subject }), trusted.bearer({ subject })]) await callerOf(headers)
    expect(await count()).toEqual(before)
  })
})

describe("acting for an owner", () => {
  let database: OpenTestDatabase
  let auth: Auth
  beforeAll(async () => {
    database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
    auth = createTestAuth(database.db, { scopes: SCOPES, identify })
  })
  afterAll(() => database[Symbol.asyncDispose]())

  test("creates, lists and revokes keys, and the trail says who and how", async () => {
    const { apiKeys } = auth.as({ subject: "org_42" }, { actor: "user_7" })
    const created = await apiKeys.create({ label: " nightly import ", scopes: ["reports:read"] })
    const { key, ...listed } = created

    expect(listed).toMatchObject({ label: "nightly import", createdBy: "user_7", scopes: ["reports:read"] })
    expect((await apiKeys.list()).items).toEqual([{ ...listed, lastUsedAt: null, revokedAt: null }])
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({
      caller: { owner: { subject: "org_42" } },
    })
    await apiKeys.revoke(created.id)

    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: null })
    await expect(apiKeys.revoke(created.id)).rejects.toMatchObject({ reason: "NOT_FOUND" })
    const id = ownerIdOf({ issuer: "host", subject: "org_42" })
    const { items } = await auth.audit.list({ id }, { cursor: null, limit: 10 })
    const byServer = { via: "server", actor: "user_7", address: null, credentialId: null }
    expect(items).toMatchObject([
      { kind: "apiKeyRevoked", ...byServer },
      { kind: "apiKeyCreated", ...byServer },
    ])
  })

  test.each([
    { label: "" },
    { label: "x", expiresAt: "soon" },
    { label: "x", scopes: ["billing:read"] },
    { label: "x", expiresAt: new Date(0) },
    { label: "x", allowedIps: ["192.0.2.1/24"] },
    { label: "x", metadata: { plan: "x".repeat(2_048) } },
  ])("refuses %j", async (input) => {
    const created = auth.as({ subject: "org_42" }).apiKeys.create(input)
    await expect(created).rejects.toMatchObject({ reason: "INVALID_INPUT" })
  })

  test("a disabled owner gets no key", async () => {
    const { caller } = await auth.authenticate(asHost({ subject: "operations", role: "admin" }))
    if (!caller) throw new TypeError("not authenticated")
    const by = auth.administratorOf(caller)
    await auth.admin.users.disable(by, { issuer: "host", subject: "org_43" }, client)

    const created = auth.as({ subject: "org_43" }).apiKeys.create({ label: "x" })
    await expect(created).rejects.toMatchObject({ reason: "FORBIDDEN" })
  })
})

test.each<[Partial<AuthOptions>, RegExp]>([
  [{ hostIssuer: "latchkey" }, /^hostIssuer: expected/],
  [{ hostIssuer: "" }, /^hostIssuer: expected/],
  [{ keyPrefix: "Acme" }, /^keyPrefix: expected/],
  [{ keyPrefix: "acme_" }, /^keyPrefix: expected/],
  [{ scopes: ["latchkey:manage"] }, /^scopes: expected/],
])("%j is refused at construction", (options, message) => {
  expect(() => createTestAuth({} as never, options)).toThrow(message)
})
