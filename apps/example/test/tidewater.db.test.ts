import { connect, createTestDatabase, type TestDatabase } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { callAs, clientFor, signIn, startTidewater } from "./startTidewater.ts"

let database: TestDatabase
let tidewater: Awaited<ReturnType<typeof startTidewater>>
let ada: string
beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"))
  tidewater = await startTidewater(database.url)
  ada = (await signIn(tidewater.url, "ada@tidewater.example")) ?? ""
})
afterAll(async () => {
  await tidewater[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const createKey = async (body: object, cookie = ada) =>
  (await callAs(tidewater.url, { cookie }, ["POST", "/apikeys", { label: "export", ...body }])).body

test("a member signs in to the product, creates a key, calls the product with it and revokes it", async () => {
  const { url } = tidewater
  const { id, key } = await createKey({})
  const customer = clientFor(url, { "x-api-key": key })

  expect((await customer.reports.list.query()).map(({ title }) => title)).toEqual([
    "High water, week 47",
    "Low water, week 47",
  ])
  expect(await clientFor(url, { authorization: `Bearer ${key}` }).reports.list.query()).toHaveLength(2)

  expect(await callAs(url, { cookie: ada }, ["DELETE", `/apikeys/${id}`])).toMatchObject({ status: 204 })
  await expect(customer.reports.list.query()).rejects.toMatchObject({
    data: { code: "UNAUTHORIZED", httpStatus: 401 },
  })
})

test("a key belongs to the organization: it sees the organization's reports, and outlives its creator's session", async () => {
  const { url } = tidewater
  const ben = (await signIn(url, "ben@tidewater.example")) ?? ""
  const { key, createdBy } = await createKey({}, ben)
  await fetch(`${url}/sign-out`, { method: "POST", headers: { cookie: ben }, redirect: "manual" })

  expect(createdBy).toMatch(/^[0-9a-f-]{36}$/)
  expect((await clientFor(url, { "x-api-key": key }).reports.list.query()).map(({ title }) => title)).toEqual(
    ["Currents at the bar"],
  )
  expect((await callAs(url, { cookie: ben }, ["GET", "/apikeys"])).status).toBe(401)
  expect((await callAs(url, { cookie: ada }, ["GET", "/apikeys"])).body.items).not.toContainEqual(
    expect.objectContaining({ createdBy }),
  )
})

test("a key with one scope does no more than that", async () => {
  const { key } = await createKey({ scopes: ["reports:read"] })
  const customer = clientFor(tidewater.url, { "x-api-key": key })
  const [report] = await customer.reports.list.query()

  await expect(customer.reports.publish.mutate({ id: report?.id ?? "" })).rejects.toMatchObject({
    data: { code: "FORBIDDEN", httpStatus: 403 },
  })
  const { key: other } = await createKey({ scopes: ["reports:write"] })
  const writer = clientFor(tidewater.url, { "x-api-key": other })
  expect(await writer.reports.publish.mutate({ id: report?.id ?? "" })).toMatchObject({ isPublished: true })
})

test("a viewer sees the organization's keys, but can't change them", async () => {
  const { url } = tidewater
  const vic = (await signIn(url, "vic@tidewater.example")) ?? ""
  const { id } = await createKey({ label: "seen by Vic" })

  const { body } = await callAs(url, { cookie: vic }, ["GET", "/apikeys"])
  expect(body.items.map((item: { label: string }) => item.label)).toContain("seen by Vic")
  expect((await callAs(url, { cookie: vic }, ["POST", "/apikeys", { label: "x" }])).status).toBe(403)
  expect((await callAs(url, { cookie: vic }, ["DELETE", `/apikeys/${id}`])).status).toBe(403)
})

test("a page of another site can't use the product's cookie", async () => {
  const { url } = tidewater
  const attack = { cookie: ada, origin: "https://evil.example" }
  expect((await callAs(url, attack, ["POST", "/apikeys", { label: "x" }])).status).toBe(403)
  const publish = clientFor(url, { cookie: ada, origin: "https://evil.example" }).reports.publish
  await expect(publish.mutate({ id: crypto.randomUUID() })).rejects.toMatchObject({
    data: { httpStatus: 403 },
  })
})

test("without a credential the product's API is closed", async () => {
  await expect(clientFor(tidewater.url, {}).reports.list.query()).rejects.toMatchObject({
    data: { code: "UNAUTHORIZED" },
  })
  expect(await signIn(tidewater.url, "ada@tidewater.example", "wrong")).toBeNull()
})

test("Latchkey's procedures work inside the product's router", async () => {
  const client = clientFor(tidewater.url, { cookie: ada, origin: tidewater.url })
  const me = await client.latchkey.auth.me.query()
  expect(me).toMatchObject({ subject: "org_harbor", issuer: "host", via: "host" })
})

test("Latchkey uses only its own schema in the product's database", async () => {
  const sql = connect(database.url)
  const tables = await sql`
    select schemaname as schema, array_agg(tablename::text order by tablename) as names from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') group by 1 order by 1`
  await sql.end()
  expect(tables.map(({ schema }) => schema)).toEqual(["latchkey", "public"])
  expect(tables[1]?.names).toEqual(["memberships", "organizations", "reports", "sign_ins", "users"])
})
