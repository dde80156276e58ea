import { runsProxyTests } from "@latchkey/test-postgres"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { send, startBehindProxy } from "./startBehindProxy.ts"
import { rest } from "./startLatchkey.ts"

// nginx and Caddy themselves, with the configurations in docs/reverse-proxies.md.

const NAMES = ["Subject", "Issuer", "Key-Id", "Scopes", "Via"].map((name) => `X-Latchkey-${name}`)

/** Every way to write a name with hyphens, underscores and dots, which PHP reads as one and the same. */
const spellings = (name: string): string[] =>
  name
    .split("-")
    .reduce<string[]>(
      (starts, part) =>
        starts.length === 0
          ? [part]
          : starts.flatMap((start) => [..."-_."].map((separator) => `${start}${separator}${part}`)),
      [],
    )

const forged = Object.fromEntries(NAMES.flatMap(spellings).map((name) => [name, "admin"]))

describe.runIf(runsProxyTests()).each(["nginx", "caddy"] as const)("behind %s", (kind) => {
  let started: Awaited<ReturnType<typeof startBehindProxy>>
  let key: string
  beforeAll(async () => {
    started = await startBehindProxy(kind)
    key = await newKey("org_42")
  })
  afterAll(() => started?.[Symbol.asyncDispose]())
  beforeEach(() => {
    started.state.answer = null
    started.state.broken = false
    started.product.received.length = 0
    started.guardian.received.length = 0
  })

  const newKey = (subject: string, scopes: ("reports:read" | "reports:write")[] = ["reports:read"]) =>
    started.latchkey.keyFor({ subject, scopes })

  /** The variables of the request that the product has received, about callers and their credentials. */
  const variablesIn = (text: string) =>
    Object.fromEntries(
      Object.entries(JSON.parse(text)).filter(([name]) => /LATCHKEY|AUTHORIZATION|API_KEY/.test(name)),
    )

  async function expectRefusal(
    headers: Record<string, string>,
    expected: { status: number; retryAfter?: string; challenge?: RegExp },
  ) {
    const answer = await send(started.url, { headers })
    expect(answer.status).toBe(expected.status)
    expect(answer.headers["retry-after"]).toBe(expected.retryAfter)
    if (expected.challenge) expect(answer.headers["www-authenticate"]).toMatch(expected.challenge)
    expect(started.product.received).toEqual([])
    return answer
  }

  test("the product knows the owner of a key, and never sees the key", async () => {
    for (const headers of [{ "x-api-key": key }, { authorization: `Bearer ${key}` }]) {
      const { status, text } = await send(`${started.url}/reports?year=2026`, { headers })
      expect(status).toBe(200)
      expect(variablesIn(text)).toEqual({
        HTTP_X_LATCHKEY_SUBJECT: ["org_42"],
        HTTP_X_LATCHKEY_ISSUER: ["host"],
        HTTP_X_LATCHKEY_KEY_ID: [expect.stringMatching(/^[0-9a-f-]{36}$/)],
        HTTP_X_LATCHKEY_SCOPES: ["reports:read"],
        HTTP_X_LATCHKEY_VIA: ["apiKey"],
      })
    }
  })

  test("a subject arrives unchanged, whatever characters it has", async () => {
    const subject = `Zoë 100% {env.HOME} {http.request.host} $host \${host} "x" \\ a,b;c`
    const headers = { "x-api-key": await newKey(subject) }
    const { text } = await send(started.url, { headers })
    const [sent = ""] = JSON.parse(text).HTTP_X_LATCHKEY_SUBJECT
    expect(decodeURIComponent(sent)).toBe(subject)
  })

  test("a client's own headers change nothing, however they are spelled", async () => {
    const plain = await send(started.url, { headers: { "x-api-key": key } })
    const { status, text } = await send(started.url, { headers: { ...forged, "x-api-key": key } })
    expect(status).toBe(200)
    expect(variablesIn(text)).toEqual(variablesIn(plain.text))
    await expectRefusalWithForged()
  })

  test("a client can't have the caller removed on the way to the product", async () => {
    const plain = await send(started.url, { headers: { "x-api-key": key } })
    const connection = ["close", ...NAMES].join(", ")
    const { status, text } = await send(started.url, { headers: { connection, "x-api-key": key } })
    expect(status).toBe(200)
    expect(variablesIn(text)).toEqual(variablesIn(plain.text))
  })

  test("an upgrade is for the product, not for Latchkey, whose server may have WebSockets of its own", async () => {
    const headers = { connection: "Upgrade", upgrade: "websocket", "x-api-key": key }
    await send(started.url, { headers })
    const [asked] = started.guardian.received
    expect(asked).toMatchObject({ method: "GET" })
    expect(asked?.headers.connection ?? "").not.toMatch(/upgrade/i)
  })

  async function expectRefusalWithForged() {
    started.product.received.length = 0
    await expectRefusal(forged, { status: 401 })
  }

  test("a client's own headers do not replace headers with the value for none", async () => {
    const body = { email: `${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() }
    const { body: account } = await rest(started.latchkey, "POST", "/auth/register", { body })
    const { text } = await send(started.url, {
      headers: { ...forged, authorization: `Bearer ${account.accessToken}` },
    })
    expect(variablesIn(text)).toEqual({
      HTTP_X_LATCHKEY_SUBJECT: [account.user.id],
      HTTP_X_LATCHKEY_ISSUER: ["latchkey"],
      HTTP_X_LATCHKEY_KEY_ID: ["-"],
      HTTP_X_LATCHKEY_SCOPES: ["reports:read reports:write"],
      HTTP_X_LATCHKEY_VIA: ["jwt"],
    })
  })

  test("a revoked key is 401 from the next request on", async () => {
    const revoked = await newKey("org_42")
    const headers = { "x-api-key": revoked }
    expect((await send(started.url, { headers })).status).toBe(200)
    await started.latchkey.revoke(revoked)
    started.product.received.length = 0
    await expectRefusal(headers, { status: 401, challenge: /^Bearer .*error="invalid_token"/ })
  })

  test("a request without a credential gets 401, with two credentials 400, and without the scope 403", async () => {
    await expectRefusal({}, { status: 401, challenge: /^Bearer realm="latchkey"$/ })
    await expectRefusal({ "x-api-key": key, authorization: `Bearer ${key}` }, { status: 400 })
    const narrowed = await newKey("org_42", ["reports:write"])
    const challenge = /error="insufficient_scope", scope="reports:read"/
    await expectRefusal({ "x-api-key": narrowed }, { status: 403, challenge })
  })

  test("an outage of Latchkey's database gives 503, and ends by itself", async () => {
    await started.latchkey.outage(true)
    await expectRefusal({ "x-api-key": key }, { status: 503, retryAfter: "1" })
    await started.latchkey.outage(false)
    expect((await send(started.url, { headers: { "x-api-key": key } })).status).toBe(200)
  })

  test("a rate limit is 429 with the time to wait", async () => {
    started.state.answer = (response) =>
      kind === "nginx"
        ? response.writeHead(403, { "X-Latchkey-Status": "429", "Retry-After": "7" }).end()
        : response.writeHead(429, { "Retry-After": "7" }).end()
    await expectRefusal({ "x-api-key": key }, { status: 429, retryAfter: "7" })
  })

  test("a Latchkey that fails or closes the connection lets nobody through", async () => {
    for (const answer of [
      (response: Parameters<NonNullable<typeof started.state.answer>>[0]) => response.writeHead(500).end(),
      (response: Parameters<NonNullable<typeof started.state.answer>>[0]) => response.destroy(),
    ]) {
      started.state.answer = answer
      const { status } = await send(started.url, { headers: { "x-api-key": key, ...forged } })
      expect(status).toBeGreaterThanOrEqual(500)
    }
    expect(started.product.received).toEqual([])
  })

  test("a product that does not answer gives 502, and no log of the proxy contains the credential", async () => {
    started.state.broken = true
    for (const headers of [{ "x-api-key": key }, { authorization: `Bearer ${key}` }]) {
      expect((await send(`${started.url}/broken`, { headers })).status).toBe(502)
    }
    await expect.poll(started.readLog).toContain("/broken")
    expect(await started.readLog()).not.toContain(key)
  })

  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "%s reaches the product",
    async (method) => {
      const { status } = await send(started.url, { method, headers: { "x-api-key": key } })
      expect(status).toBe(200)
      expect(started.product.received).toMatchObject([{ method }])
      expect(started.guardian.received).toMatchObject([{ method: "GET" }])
    },
  )

  test.each([
    ["with its length", { "content-length": "1000000" }],
    ["in chunks", { "transfer-encoding": "chunked" }],
  ])("a large body sent %s goes to the product alone", async (_, framing) => {
    const body = Buffer.alloc(1_000_000, "x")
    const headers = { "x-api-key": key, "content-type": "text/csv", "content-encoding": "gzip", ...framing }
    const { status } = await send(started.url, { method: "POST", headers, body })
    expect(status).toBe(200)
    expect(started.product.received).toMatchObject([{ method: "POST", bodyBytes: 1_000_000 }])
    const [asked] = started.guardian.received
    expect(asked).toMatchObject({ method: "GET", bodyBytes: 0 })
    expect(asked?.headers["transfer-encoding"]).toBeUndefined()
    expect(asked?.headers["content-length"] ?? "0").toBe("0")
  })
})
