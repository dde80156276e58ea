import { randomBytes, randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import {
  newSecret,
  type RestCall,
  register,
  rest,
  startServerOnPostgres,
  startTestServer,
} from "../testServer.ts"

const introspectionKey = newSecret()

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let behindTwo: Awaited<ReturnType<typeof startTestServer>>
let user: Awaited<ReturnType<typeof register>>
let apiKey: string
let id: string
const variables = { INTROSPECTION_KEYS: introspectionKey, TRUST_PROXY: "1" }
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), variables)
  behindTwo = await startTestServer({ ...server.shared, ...variables, TRUST_PROXY: "2" })
  user = await register(server.url)
  const body = { label: "office", allowedIps: ["203.0.113.0/24", "2001:db8::/32"] }
  const created = await rest(server.url, "POST", "/auth/apikeys", { ...user, body })
  expect(created).toMatchObject({ status: 201, body: { allowedIps: body.allowedIps } })
  id = created.body.id
  apiKey = created.body.key
})
afterAll(async () => {
  await behindTwo[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const forwarded = (address: string) => ({ "x-forwarded-for": address })

/** How each door is asked about a key that a client at an address presents. */
const DOORS: Record<string, (key: string, address: string | undefined) => ReturnType<typeof rest>> = {
  "X-API-Key": (key, address) =>
    rest(server.url, "GET", "/auth/me", { apiKey: key, headers: address ? forwarded(address) : {} }),
  Bearer: (key, address) =>
    rest(server.url, "GET", "/auth/me", { accessToken: key, headers: address ? forwarded(address) : {} }),
  tRPC: (key, address) =>
    rest(server.url, "GET", "/trpc/auth.me", { apiKey: key, headers: address ? forwarded(address) : {} }),
  "forward authentication": (key, address) =>
    rest(server.url, "GET", "/auth/verify", { apiKey: key, headers: address ? forwarded(address) : {} }),
  introspection: async (token, address) => {
    const call: RestCall = {
      apiKey: introspectionKey,
      body: { json: { token, ...(address && { address }) } },
    }
    const reply = await rest(server.url, "POST", "/trpc/auth.introspect", call)
    const { active } = reply.body.result.data.json
    return { ...reply, status: active ? reply.status : 401 }
  },
}

/** A response without what differs between any two. */
function comparable({ status, headers, body }: Awaited<ReturnType<typeof rest>>) {
  const names = ["x-request-id", "date"]
  const text = JSON.stringify(body)?.replaceAll(/"requestId":"[^"]+"/g, "")
  return { status, text, headers: [...headers].filter(([name]) => !names.includes(name)) }
}

describe.each(Object.entries(DOORS))("%s", (_, present) => {
  test.each(["203.0.113.9", "2001:db8::9", "::ffff:203.0.113.9"])(
    "accepts the key from %s",
    async (address) => {
      expect((await present(apiKey, address)).status).toBeLessThan(300)
    },
  )

  test.each(["203.0.114.9", "2001:db9::9", "::ffff:198.51.100.1", undefined])(
    "rejects the key from %s like one that does not exist",
    async (address) => {
      const refused = await present(apiKey, address)
      expect(refused.status).toBe(401)
      const unknown = await present(randomBytes(32).toString("hex"), address)
      expect(comparable(refused)).toEqual(comparable(unknown))
    },
  )
})

test("an address that only the client itself claims does not count", async () => {
  const me = (url: string, headers: Record<string, string>) =>
    rest(url, "GET", "/auth/me", { apiKey, headers })
  // The client has sent the first entry, the proxy has appended the second.
  expect((await me(server.url, forwarded("203.0.113.9, 198.51.100.1"))).status).toBe(401)
  expect((await me(behindTwo.url, forwarded("203.0.113.9"))).status).toBe(401)
  expect((await me(behindTwo.url, forwarded("203.0.113.9, 10.0.0.1"))).status).toBe(200)

  await using direct = await startTestServer({ ...server.shared, ...variables, TRUST_PROXY: "0" })
  expect((await me(direct.url, {})).status).toBe(401)
  const change = await rest(server.url, "PATCH", `/auth/apikeys/${id}`, {
    ...user,
    body: { allowedIps: ["127.0.0.1", "203.0.113.0/24"] },
  })
  expect(change).toMatchObject({ status: 200, body: { allowedIps: ["127.0.0.1/32", "203.0.113.0/24"] } })
  expect((await me(direct.url, {})).status).toBe(200)
  // A proxy that is not trusted stands between, so the client's address is not known.
  for (const name of ["x-forwarded-for", "forwarded", "x-real-ip"]) {
    expect((await me(direct.url, { [name]: "203.0.113.9" })).status).toBe(401)
  }
  // The client has sent so many headers that Node drops the proxy's.
  using connection = openConnection(direct.url)
  const headers = [`X-API-Key: ${apiKey}`, ...Array(2_500).fill("A:"), "X-Forwarded-For: 203.0.113.9"]
  connection.write(request("GET /auth/me", headers))
  expect(await connection.read()).toMatchObject({ status: 431 })
})

test.each([
  ["no block", []],
  ["21 blocks", Array.from({ length: 21 }, (_, index) => `192.0.2.${index}`)],
  ["a host bit", ["203.0.113.1/24"]],
  ["a wide mapped block", ["::ffff:0:0/90"]],
  ["no list", "203.0.113.1"],
  ["a name", ["office.example.com"]],
])("%s is refused with the name of the field", async (_, allowedIps) => {
  const body = { label: "x", allowedIps }
  const refusal = { status: 400, body: { reason: "INVALID_INPUT", issues: [{ path: ["allowedIps"] }] } }
  expect(await rest(server.url, "POST", "/auth/apikeys", { ...user, body })).toMatchObject(refusal)
  const unknown = `/auth/apikeys/${randomUUID()}`
  expect(await rest(server.url, "PATCH", unknown, { ...user, body })).toMatchObject(refusal)
})
