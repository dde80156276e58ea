import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { createDatabase } from "@latchkey/db"
import {
  checkOutPreviousRelease,
  connect,
  createTestDatabase,
  freePort,
  hasPreviousRelease,
  type Sql,
  type TestDatabase,
} from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import {
  newSecret,
  register,
  registerWithKey,
  rest,
  startTestServer,
  type TestServer,
} from "../testServer.ts"

const TSX = fileURLToPath(new URL("../../../../node_modules/.bin/tsx", import.meta.url))

const AS_IT_SHOULD = "as it should"

describe.skipIf(!hasPreviousRelease())("an instance of the previous release", () => {
  let previous: ReturnType<typeof checkOutPreviousRelease>
  let database: TestDatabase
  let sql: Sql
  let child: ChildProcess
  let old: string
  let current: TestServer
  const shared: Record<string, string> = {}
  /** What it answered while it was migrated beneath it, by the call. */
  const during: Record<string, Set<string>> = {}

  beforeAll(async () => {
    previous = checkOutPreviousRelease()
    database = await createTestDatabase(inject("postgresUrl"))
    sql = connect(database.url)
    Object.assign(shared, { DATABASE_URL: database.url, AUTH_SECRET: newSecret() })
    const port = String(await freePort())
    old = `http://127.0.0.1:${port}`
    child = spawn(TSX, ["--conditions=latchkey-source", "apps/standalone/src/main.ts"], {
      cwd: previous.folder,
      env: {
        PATH: process.env.PATH,
        HOST: "127.0.0.1",
        PORT: port,
        RATE_LIMIT_FACTOR: "1000",
        BCRYPT_COST: "10",
        ...shared,
      },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    })
    const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess["stdout"]> })
    await new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => line.includes('"serving on') && resolve())
      child.on("exit", () => reject(new Error("the previous release does not start")))
    })
  })
  afterAll(async () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
    await current?.[Symbol.asyncDispose]()
    await sql.end()
    await database[Symbol.asyncDispose]()
    previous.remove()
  })

  const post = (url: string, path: string, body: object, accessToken?: string) =>
    rest(url, "POST", path, { body, ...(accessToken !== undefined && { accessToken }) })
  const revoke = (url: string, { id, accessToken }: { id: string; accessToken: string }) =>
    rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })
  const statusOf = async (url: string, apiKey: string) =>
    (await rest(url, "GET", "/auth/me", { apiKey })).status
  /** How often each kind of event happened. The releases differ in the order of events that count several failures. */
  async function countsIn(url: string, accessToken: string) {
    const counts: Record<string, number> = {}
    const { body } = await rest(url, "GET", "/auth/audit?limit=100", { accessToken })
    for (const { kind, count } of body.items) counts[kind] = (counts[kind] ?? 0) + count
    return counts
  }

  test("serves while the database is migrated: each answer is correct, or 503", async () => {
    const user = await registerWithKey(old)
    const revoked = await registerWithKey(old)
    await revoke(old, revoked)
    const calls: Record<string, () => Promise<[number, number]>> = {
      "a live key": async () => [await statusOf(old, user.apiKey), 200],
      "a revoked key": async () => [await statusOf(old, revoked.apiKey), 401],
      "a right password": async () => [
        (await post(old, "/auth/login", { email: user.email, password: user.password })).status,
        200,
      ],
      "a wrong password": async () => [
        (await post(old, "/auth/login", { email: user.email, password: "wrong password" })).status,
        401,
      ],
      "a new key that is revoked": async () => {
        const created = await post(old, "/auth/apikeys", { label: "x" }, user.accessToken)
        if (created.status !== 201) return [created.status, 201]
        const { status } = await revoke(old, { ...user, id: created.body.id })
        if (status !== 204) return [status, 204]
        return [await statusOf(old, created.body.key), 401]
      },
    }
    let isOver = false
    const load = Object.entries(calls).map(async ([name, call]) => {
      while (!isOver) {
        const [status, right] = await call()
        during[name] ??= new Set()
        during[name].add(status === right ? AS_IT_SHOULD : String(status))
      }
    })
    const { migrate, close } = await createDatabase(database.url)
    await migrate()
    await close()
    isOver = true
    await Promise.all(load)
    for (const [name, answers] of Object.entries(during)) {
      expect([AS_IT_SHOULD, "503"], name).toEqual(expect.arrayContaining([...answers]))
    }
  })

  test("serves afterwards, alongside this release: each sees at once what the other has done", async () => {
    current = await startTestServer(shared)
    for (const [here, there] of [
      [old, current.url],
      [current.url, old],
    ] as const) {
      const user = await registerWithKey(here)
      expect(await statusOf(there, user.apiKey)).toBe(200)
      const { email, password, accessToken } = user
      for (const url of [here, there, there]) {
        expect((await post(url, "/auth/login", { email, password: "wrong password" })).status).toBe(401)
        expect((await post(url, "/auth/login", { email, password })).status).toBe(200)
      }
      const second = await post(there, "/auth/apikeys", { label: "x" }, accessToken)
      expect(second.status).toBe(201)
      expect((await revoke(there, user)).status).toBe(204)
      expect(await statusOf(here, user.apiKey)).toBe(401)
      const rotated = await post(here, `/auth/apikeys/${second.body.id}/rotate`, { grace: 0 }, accessToken)
      expect(rotated.status).toBe(201)
      expect(await statusOf(there, second.body.key)).toBe(401)
      expect(await statusOf(there, rotated.body.key)).toBe(200)
      const counts = await countsIn(here, accessToken)
      expect(await countsIn(there, accessToken)).toEqual(counts)
      expect(counts).toMatchObject({ registered: 1, loginFailed: 3, apiKeyRevoked: 1, apiKeyRotated: 1 })
    }
  })

  test("after the first months have begun, answers 503 to calls that it would record, and verifies correctly", async () => {
    const user = await registerWithKey(old)
    const revoked = await registerWithKey(old)
    // As if the database had been migrated two months ago.
    await sql.unsafe(`
      set search_path to latchkey;
      alter table audit_trail detach partition audit_events;
      drop trigger audit_events_until on audit_events;
      create trigger audit_events_until before insert on audit_events for each row
        when (new.created_at >= now() - interval '1 second') execute function months_have_begun()`)
    expect(
      (await post(old, "/auth/register", { email: `${randomUUID()}@example.com`, password: randomUUID() }))
        .status,
    ).toBe(503)
    for (const password of [user.password, "wrong password"]) {
      expect((await post(old, "/auth/login", { email: user.email, password })).status).toBe(503)
    }
    expect((await post(old, "/auth/apikeys", { label: "x" }, user.accessToken)).status).toBe(503)
    expect((await revoke(current.url, revoked)).status).toBe(204)
    expect(await statusOf(old, revoked.apiKey)).toBe(401)
    expect(await statusOf(old, user.apiKey)).toBe(200)
    expect((await register(current.url)).accessToken).toBeTruthy()
  })
})
