import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { codeBlock, connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newSecret, registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"

const ADMIN = "admin@example.com"
const bootstrap = newSecret()

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let admin: string
/** An administrator's key that manages. */
let manager: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    ADMIN_EMAILS: ADMIN,
    BOOTSTRAP_KEY: bootstrap,
    SCOPES: "reports:read",
  })
  const { body } = await rest(server.url, "POST", "/auth/register", {
    body: { email: ADMIN, password: randomUUID() },
  })
  admin = body.accessToken
  const created = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken: admin,
    body: { label: "backend", scopes: ["latchkey:manage"] },
  })
  manager = created.body.key
})
afterAll(() => server[Symbol.asyncDispose]())

const onBehalfOf = (subject: string, actor?: string, issuer = "host") => ({
  "latchkey-on-behalf-of": `${encodeURIComponent(issuer)} ${encodeURIComponent(subject)}`,
  ...(actor !== undefined && { "latchkey-actor": encodeURIComponent(actor) }),
})

const create = (apiKey: string, headers: Record<string, string>, body: object = { label: "x" }) =>
  rest(server.url, "POST", "/auth/apikeys", { apiKey, headers, body })

test.each(["bootstrap", "manager"] as const)("a %s key manages the keys of an owner", async (kind) => {
  const { url, shared } = server
  const apiKey = kind === "bootstrap" ? bootstrap : manager
  const subject = `org ${kind}/é`
  const headers = onBehalfOf(subject, "user_7")

  const created = await create(apiKey, headers, { label: "nightly import", scopes: ["reports:read"] })
  expect(created).toMatchObject({ status: 201, body: { createdBy: "user_7", scopes: ["reports:read"] } })
  const { id, key } = created.body
  const me = await rest(url, "GET", "/auth/me", { apiKey: key })
  expect(me.body).toMatchObject({ issuer: "host", subject, role: "user", apiKeyId: id })

  const listed = await rest(url, "GET", "/auth/apikeys", { apiKey, headers })
  expect(listed.body.items).toMatchObject([{ id }])
  const trpc = await rest(url, "GET", "/trpc/apiKeys.list", { apiKey, headers })
  expect(trpc.body.result.data.json.items).toMatchObject([{ id }])
  const others = onBehalfOf("somebody else")
  expect((await rest(url, "DELETE", `/auth/apikeys/${id}`, { apiKey, headers: others })).status).toBe(404)
  expect((await rest(url, "DELETE", `/auth/apikeys/${id}`, { apiKey, headers })).status).toBe(204)
  expect((await rest(url, "GET", "/auth/me", { apiKey: key })).status).toBe(401)

  const sql = connect(shared.DATABASE_URL)
  const trail =
    await sql`select kind, via, actor from audit_events where subject_id = ${id} order by created_at`
  await sql.end()
  expect(trail).toEqual([
    { kind: "apiKeyCreated", via: "apiKey", actor: "user_7" },
    { kind: "apiKeyRevoked", via: "apiKey", actor: "user_7" },
  ])
})

test("which keys may act for which owners", async () => {
  const user = await registerWithKey(server.url)
  const listed = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken: admin,
    body: { label: "lists", scopes: ["latchkey:apikeys:read", "latchkey:introspect"] },
  })
  const headers = onBehalfOf("org_1")
  const outcome = async (promise: ReturnType<typeof create>) => {
    const { status, body } = await promise
    return `${status} ${body?.reason ?? "created"}`
  }
  const table = {
    "no header": await outcome(create(manager, {})),
    "an actor alone": await outcome(create(manager, { "latchkey-actor": "user_7" })),
    "a user's key": await outcome(create(user.apiKey, headers)),
    "an administrator's other key": await outcome(create(listed.body.key, headers)),
    "an administrator's access token": await outcome(
      rest(server.url, "POST", "/auth/apikeys", { accessToken: admin, headers, body: { label: "x" } }),
    ),
    "an own account": await outcome(create(manager, onBehalfOf(user.user.id, undefined, "latchkey"))),
    "an issuer that is not served": await outcome(
      create(manager, onBehalfOf("a", undefined, "https://b.example")),
    ),
    "a scope of Latchkey": await outcome(
      create(manager, headers, { label: "x", scopes: ["latchkey:apikeys:read"] }),
    ),
    "no subject": await outcome(create(manager, { "latchkey-on-behalf-of": "host" })),
    "two owners": await outcome(create(manager, { "latchkey-on-behalf-of": "host a, host b" })),
    "a control character": await outcome(create(manager, { "latchkey-on-behalf-of": "host a%00" })),
    "a wrong encoding": await outcome(create(manager, { "latchkey-on-behalf-of": "host %ff" })),
    "no encoding": await outcome(create(manager, { "latchkey-on-behalf-of": "host é" })),
    "an actor in no encoding": await outcome(create(manager, { ...headers, "latchkey-actor": "é" })),
    nobody: await outcome(rest(server.url, "POST", "/auth/apikeys", { headers, body: { label: "x" } })),
  }
  expect(table).toEqual({
    "no header": "403 FORBIDDEN",
    "an actor alone": "400 INVALID_INPUT",
    "a user's key": "403 INSUFFICIENT_SCOPE",
    "an administrator's other key": "403 INSUFFICIENT_SCOPE",
    "an administrator's access token": "403 FORBIDDEN",
    "an own account": "403 FORBIDDEN",
    "an issuer that is not served": "400 INVALID_INPUT",
    "a scope of Latchkey": "403 FORBIDDEN",
    "no subject": "400 INVALID_INPUT",
    "two owners": "400 INVALID_INPUT",
    "a control character": "400 INVALID_INPUT",
    "a wrong encoding": "400 INVALID_INPUT",
    "no encoding": "400 INVALID_INPUT",
    "an actor in no encoding": "400 INVALID_INPUT",
    nobody: "401 UNAUTHENTICATED",
  })
})

test("a managing key disables, enables and erases owners, except Latchkey's own accounts, but has no other rights of an administrator", async () => {
  const { url } = server
  const user = await registerWithKey(url)
  const { body } = await create(manager, onBehalfOf("org_2"))
  const disable = (owner: object, apiKey = manager) =>
    rest(url, "POST", "/auth/admin/users/disable", { apiKey, body: owner })

  expect((await disable({ issuer: "host", subject: "org_2" }, user.apiKey)).status).toBe(403)
  expect((await disable({ issuer: "latchkey", subject: user.user.id })).status).toBe(404)
  expect((await disable({ issuer: "host", subject: "org_2" })).status).toBe(204)
  expect((await rest(url, "GET", "/auth/me", { apiKey: body.key })).status).toBe(401)
  expect(await create(manager, onBehalfOf("org_2"))).toMatchObject({
    status: 403,
    body: { reason: "FORBIDDEN" },
  })
  const enable = { apiKey: manager, body: { issuer: "host", subject: "org_2" } }
  expect((await rest(url, "POST", "/auth/admin/users/enable", enable)).status).toBe(204)
  expect((await rest(url, "GET", "/auth/me", { apiKey: body.key })).status).toBe(200)

  const erase = (owner: object) =>
    rest(url, "POST", "/auth/admin/users/erase", { apiKey: manager, body: owner })
  expect((await erase({ issuer: "latchkey", subject: user.user.id })).status).toBe(404)
  expect((await erase({ issuer: "host", subject: "org_2" })).status).toBe(204)
  expect((await rest(url, "GET", "/auth/me", { apiKey: body.key })).status).toBe(401)
  expect((await rest(url, "POST", "/auth/admin/users/enable", enable)).status).toBe(404)

  for (const path of ["/auth/admin/users", "/auth/admin/apikeys"]) {
    expect((await rest(url, "GET", path, { apiKey: manager })).status).toBe(403)
  }
})

test("a managing key can't act any more once it is revoked, or once its owner is no longer an administrator", async () => {
  const { url, shared } = server
  const newManager = async () =>
    (
      await rest(url, "POST", "/auth/apikeys", {
        accessToken: admin,
        body: { label: "backend", scopes: ["latchkey:manage"] },
      })
    ).body
  const revoked = await newManager()
  await rest(url, "DELETE", `/auth/apikeys/${revoked.id}`, { accessToken: admin })
  expect((await create(revoked.key, onBehalfOf("org_3"))).status).toBe(401)

  const { key } = await newManager()
  const sql = connect(shared.DATABASE_URL)
  await sql`update owners set role = 'user' where email = ${ADMIN}`
  expect((await create(key, onBehalfOf("org_3"))).status).toBe(403)
  await sql`update owners set role = 'admin' where email = ${ADMIN}`
  await sql.end()
  expect((await create(key, onBehalfOf("org_3"))).status).toBe(201)
})

test("the document's scripts run on an empty database without accounts", async () => {
  await using empty = await startServerOnPostgres(inject("postgresUrl"), {
    PASSWORDS: "off",
    BOOTSTRAP_KEY: bootstrap,
  })
  const folder = await mkdtemp(join(tmpdir(), "latchkey-docs-"))
  const run = async (program: string, script: string, variables: Record<string, string> = {}) => {
    const file = join(folder, `example.${program === "node" ? "mjs" : program}`)
    await writeFile(file, script)
    const env = { ...process.env, LATCHKEY_URL: empty.url, BOOTSTRAP_KEY: bootstrap, ...variables }
    const { stdout } = await promisify(execFile)(program, [file], { env })
    return stdout.replace(/[0-9a-f]{64}/, "…")
  }

  expect(await run("python3", codeBlock("docs/backends.md", "python"))).toBe(
    "Shown once: …\nuser_42 True\nFalse\n",
  )
  const answer = await run("sh", codeBlock("docs/backends.md", "sh"))
  const shown = JSON.parse(codeBlock("docs/backends.md", "json").replace("…", ""))
  expect(Object.keys(JSON.parse(answer))).toEqual(Object.keys(shown))
  const inBrowser = codeBlock("docs/backends.md", "js").replace("https://keys.company.tld", empty.url)
  const productRoute = `const send = fetch
    globalThis.fetch = async (url, init) =>
      url === "/key-token" ? new Response(process.env.TOKEN) : send(url, init)\n`
  expect(await run("node", productRoute + inBrowser, { TOKEN: answer })).toMatch(
    /^Shown once: …\nMy laptop \([0-9a-f]{8}…\)\n$/,
  )
  await rm(folder, { recursive: true })
})
