import { inspect } from "node:util"
import { expect, test } from "vitest"
import { failure, respond, result, startRawServer } from "../test/startServer.ts"
import { createLatchkey, type LatchkeyOptions, type VerifyOptions } from "./index.ts"

const KEY = "0123456789abcdef".repeat(4)
const CREDENTIAL = "fedcba9876543210".repeat(4)
const ACTIVE = {
  active: true,
  iss: "host",
  sub: "org_42",
  scope: "a b",
  token_type: "api_key",
  client_id: "k-1",
}
const VERIFIED = {
  ...{
    active: true,
    subject: "org_42",
    issuer: "host",
    apiKeyId: "k-1",
    scopes: ["a", "b"],
    expiresAt: null,
  },
}
const INVALID = { active: false, reason: "INVALID" }
const orThrow = { onUnavailable: "throw" } as const
const orDeny = { onUnavailable: "deny" } as const

const client = (baseUrl: string) => createLatchkey({ baseUrl, apiKey: KEY, retries: 0 })

/** Verifies a credential with a server that gives this answer. */
async function verify(answer: { status: number; body: string }, options: VerifyOptions = orThrow) {
  await using raw = await startRawServer((socket) => respond(socket, answer.status, answer.body))
  return await client(raw.url).verify(CREDENTIAL, options)
}

const found = (details: object = {}) => ({ status: 200, body: result({ ...ACTIVE, ...details }) })
const failed = (reason: string, status: number, details: object = {}) => ({
  status,
  body: failure(reason, status, details),
})

test("a valid key is described", async () => {
  expect(await verify(found())).toEqual(VERIFIED)
  expect(
    await verify(found({ act: { sub: "user_7" }, exp: 1893456000, metadata: { plan: "pro" }, scope: "" })),
  ).toEqual({
    ...VERIFIED,
    scopes: [],
    actor: "user_7",
    expiresAt: new Date("2030-01-01T00:00:00Z"),
    metadata: { plan: "pro" },
  })
})

test("the client of an access token is not an API key", async () => {
  expect(await verify(found({ token_type: "access_token", client_id: "web" }))).toEqual({
    ...VERIFIED,
    apiKeyId: null,
  })
})

test.each([
  [{ scope: "a" }, VERIFIED],
  [{ scope: ["a", "b"] }, VERIFIED],
  [{ scope: ["a", "c"] }, { active: false, reason: "INSUFFICIENT_SCOPE" }],
  [{ scope: "a b" }, { active: false, reason: "INSUFFICIENT_SCOPE" }],
])("asked for %j, about a key with the scopes a and b", async (options, expected) => {
  expect(await verify(found(), { ...orThrow, ...options })).toEqual(expected)
})

/** Of a captive portal, a cache or a broken proxy. */
test.each<[string, { status: number; body: string }]>([
  ["no content", { status: 204, body: "" }],
  ["a page", { status: 200, body: "<html>" }],
  ["one answer for all calls of a batch", { status: 200, body: result(ACTIVE).slice(1, -1) }],
  ["nothing", { status: 200, body: result(null) }],
  ["no object", { status: 200, body: result(true) }],
  ["an empty object", { status: 200, body: result({}) }],
  ["only that it is active", { status: 200, body: result({ active: true }) }],
  ["something that is not a truth value", found({ active: "false" })],
  ["a list of scopes", found({ scope: ["a"] })],
  ["a number for the owner", found({ sub: 5 })],
  ...[302, 400, 401, 403, 404, 429, 500, 503].map((status): [string, { status: number; body: string }] => [
    `a verdict with the status ${status}`,
    { ...found(), status },
  ]),
])("%s is no verdict", async (_, answer) => {
  expect(await verify(answer, orDeny)).toEqual(INVALID)
  await expect(verify(answer)).rejects.toMatchObject({
    name: "LatchkeyError",
    reason: expect.stringMatching(/^(NETWORK|UNAVAILABLE|RATE_LIMITED)$/),
  })
})

test("a refusal is a verdict, whatever the choice for outages", async () => {
  const inactive = { status: 200, body: result({ active: false }) }
  const limited = failed("RATE_LIMITED", 429, { limit: "key", retryAfter: 5 })
  for (const options of [orThrow, orDeny]) {
    expect(await verify(inactive, options)).toEqual(INVALID)
    expect(await verify(limited, options)).toEqual({ active: false, reason: "RATE_LIMITED" })
  }
})

test.each([
  ["an outage", failed("UNAVAILABLE", 503), "UNAVAILABLE"],
  ["a bug", failed("INTERNAL", 500), "INTERNAL"],
  ["the client's own limit", failed("RATE_LIMITED", 429, { limit: "caller", retryAfter: 5 }), "RATE_LIMITED"],
  ["a proxy's limit", { status: 429, body: "slow down" }, "RATE_LIMITED"],
  ["a proxy's page", { status: 200, body: "<h1>Welcome</h1>" }, "NETWORK"],
])("%s is no verdict, and the choice decides", async (_, answer, reason) => {
  await expect(verify(answer)).rejects.toMatchObject({ reason })
  expect(await verify(answer, orDeny)).toEqual(INVALID)
})

test.each([
  ["UNAUTHENTICATED", 401],
  ["INSUFFICIENT_SCOPE", 403],
  ["FORBIDDEN", 403],
  ["INVALID_INPUT", 400],
])("a client that may not ask, or asks wrongly, learns of its mistake: %s", async (reason, status) => {
  await expect(verify(failed(reason, status), orDeny)).rejects.toMatchObject({ reason, status })
})

test("without an answer within the deadline there is no verdict", async () => {
  await using raw = await startRawServer(() => {})
  const { verify } = client(raw.url)
  await expect(verify(CREDENTIAL, { ...orThrow, timeout: 50 })).rejects.toMatchObject({ reason: "TIMEOUT" })
  expect(await verify(CREDENTIAL, { ...orDeny, timeout: 50 })).toEqual(INVALID)
})

test("a lost connection is tried again", async () => {
  await using raw = await startRawServer((socket, _, count) =>
    count === 1 ? socket.destroy() : respond(socket, 200, result(ACTIVE)),
  )
  const { verify } = createLatchkey({ baseUrl: raw.url, apiKey: KEY })
  expect(await verify(CREDENTIAL, { ...orThrow, timeout: 10_000 })).toEqual(VERIFIED)
})

test.each([null, undefined, "", "a b", "ü", "a\n", "x".repeat(20_000)])(
  "what no header can hold is invalid, and is not sent: %.9s",
  async (credential) => {
    await using raw = await startRawServer((socket) => respond(socket, 200, result(ACTIVE)))
    expect(await client(raw.url).verify(credential, orThrow)).toEqual(INVALID)
    expect(raw.requests).toEqual([])
  },
)

test("concurrent calls about one credential share a request, except calls with another address", async () => {
  await using raw = await startRawServer((socket, request) => {
    const calls = Object.keys(JSON.parse(request.slice(request.indexOf("\r\n\r\n") + 4)))
    respond(socket, 200, JSON.stringify(calls.map(() => ({ result: { data: { json: ACTIVE } } }))))
  })
  const { verify } = client(raw.url)
  const address = "192.0.2.1"
  const all = await Promise.all([
    ...Array.from({ length: 32 }, () => verify(CREDENTIAL, orThrow)),
    verify(CREDENTIAL, { ...orThrow, address }),
    verify(CREDENTIAL, { ...orThrow, scope: "c" }),
  ])
  expect(all.filter(({ active }) => active)).toHaveLength(33)
  expect(raw.requests).toHaveLength(1)
  const [, body = ""] = raw.requests[0]?.split("\r\n\r\n") ?? []
  expect(JSON.parse(body)).toEqual({
    0: { json: { token: CREDENTIAL } },
    1: { json: { token: CREDENTIAL, address } },
  })
  // No caller can change what another one gets.
  expect(all[0]).not.toBe(all[1])
})

test("a long credential is sent in a separate request, so that others do not fail with it", async () => {
  await using raw = await startRawServer((socket) => respond(socket, 200, result({ active: false })))
  const { verify } = client(raw.url)
  await Promise.all([verify(CREDENTIAL, orThrow), verify("x".repeat(10_000), orThrow)])
  expect(raw.requests.filter((text) => text.startsWith("POST"))).toHaveLength(2)
})

test("the choice for outages must be made", async () => {
  const { verify } = client("https://keys.company.tld")
  await expect(verify(CREDENTIAL, {} as VerifyOptions)).rejects.toThrow(
    /^onUnavailable must be "deny" or "throw"$/,
  )
})

const create = (options: object) =>
  createLatchkey({ baseUrl: "https://keys.company.tld", ...options } as LatchkeyOptions)

test.each([undefined, null, "", "  \n"])("a key that is %j is reported at once", (apiKey) => {
  expect(() => create({ apiKey })).toThrow(/^apiKey is empty: is LATCHKEY_API_KEY set\?$/)
})

test.each([
  ["cut off", KEY.slice(1)],
  ["too long", `${KEY}0`],
  ["in capitals", KEY.toUpperCase()],
  ["in quotes", `"${KEY}"`],
  ["broken by a line end", `${KEY.slice(0, 32)}\n${KEY.slice(32)}`],
  ["a placeholder", "<your key from the dashboard>"],
  ["short", "changeme"],
  ["an access token", "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJsYXRjaGtleSJ9.c2lnbmF0dXJl"],
])("a key that is %s is reported at once, without quoting it", (_, apiKey) => {
  let error: unknown
  try {
    create({ apiKey })
  } catch (caught) {
    error = caught
  }
  expect(error).toMatchObject({
    name: "TypeError",
    message: "apiKey is malformed: expected a key exactly as Latchkey has shown it",
  })
  expect(inspect(error).includes(apiKey)).toBe(false)
})

test.each([KEY, ` ${KEY}\n`, `acme_${KEY}01234567`, "sk_live_imported_from_elsewhere", () => ""])(
  "a client with a key such as %s is created",
  (apiKey) => {
    expect(create({ apiKey })).toBeDefined()
  },
)

test("a client without a key is created, even if it has another credential", () => {
  expect(create({})).toBeDefined()
  expect(create({ accessToken: "x", apiKey: undefined })).toBeDefined()
  expect(create({ session: { refreshToken: "x" }, apiKey: undefined })).toBeDefined()
})
