import { randomBytes, randomUUID } from "node:crypto"
import { describe, expect, inject, test } from "vitest"
import { newSecret, register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"

/** The default rate limits. */
const DEFAULT_LIMITS = { RATE_LIMIT_FACTOR: "1" }
const start = (variables = {}) =>
  startServerOnPostgres(inject("postgresUrl"), { ...DEFAULT_LIMITS, ...variables })

const guess = (url: string, email: string, headers = {}) =>
  rest(url, "POST", "/auth/login", { body: { email, password: randomUUID() }, headers })

/** Makes `count` guesses in sequence, and returns their statuses. */
async function guesses(url: string, email: string, headers: (i: number) => object, count: number) {
  const statuses: number[] = []
  for (let i = 0; i < count; i++) statuses.push((await guess(url, email, headers(i))).status)
  return statuses
}

/** The data of a call's error in a tRPC batch. */
interface RefusedCall {
  reason: string
  retryAfter: number
}

// Refused sign-ins are delayed, so these tests run concurrently, each on a server of its own.

const tenFailuresThen = (...more: number[]) => [...Array(10).fill(401), ...more]

test.concurrent("REST sign-ins report the rate limit, and refusals also when to retry; other calls report neither", async () => {
  await using server = await start()
  const { url } = server
  const { email, accessToken } = await register(url)

  for (let remaining = 9; remaining >= 0; remaining--) {
    const { status, headers } = await guess(url, email)
    expect(status).toBe(401)
    expect(headers.get("ratelimit-policy")).toBe('"failed-logins";q=10;w=900')
    expect(headers.get("ratelimit")).toMatch(RegExp(`^"failed-logins";r=${remaining};t=\\d+$`))
    expect(headers.get("retry-after")).toBeNull()
  }

  const { status, headers, body } = await guess(url, email)
  const seconds = Number(headers.get("retry-after"))
  expect(status).toBe(429)
  expect(seconds).toBeGreaterThan(800)
  expect(seconds).toBeLessThanOrEqual(900)
  expect(headers.get("ratelimit")).toBe(`"failed-logins";r=0;t=${seconds}`)
  expect(headers.get("cache-control")).toBe("no-store")
  expect(body).toEqual({
    code: "TOO_MANY_REQUESTS",
    reason: "RATE_LIMITED",
    message: `Too many attempts; try again in ${seconds} s.`,
    begun: false,
    retryAfter: seconds,
    requestId: headers.get("x-request-id"),
  })

  const me = await rest(url, "GET", "/auth/me", { accessToken })
  expect(me.status).toBe(200)
  expect(me.headers.get("ratelimit")).toBeNull()
  expect(me.headers.get("ratelimit-policy")).toBeNull()
})

test.concurrent.each(["unary calls", "tRPC's own adapter"])(
  "%s: a batch of 20 sign-ins counts as 20 on all instances, and its headers report the strictest limit",
  async (way) => {
    await using server = await start()
    await using other = await startTestServer({ ...DEFAULT_LIMITS, ...server.shared })
    const { email } = await register(server.url)
    await guesses(server.url, email, () => ({}), 8)

    const response = await fetch(`${server.url}/trpc/${Array(20).fill("auth.login").join(",")}?batch=1`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        // Any value that tRPC's links don't send.
        ...(way !== "unary calls" && { "trpc-accept": "application/json" }),
      },
      body: JSON.stringify(
        Object.fromEntries(
          Array.from({ length: 20 }, (_, i) => [i, { json: { email, password: randomUUID() } }]),
        ),
      ),
    })

    const results = (await response.json()) as { error: { json: { data: RefusedCall } } }[]
    const failures = results.map(({ error }) => error.json.data)
    expect(response.status).toBe(207)
    expect(failures.filter(({ reason }) => reason === "LOGIN_FAILED")).toHaveLength(2)
    const refused = failures.filter(({ reason }) => reason === "RATE_LIMITED")
    expect(refused).toHaveLength(18)
    const seconds = Number(response.headers.get("retry-after"))
    expect(refused[0]).toMatchObject({ httpStatus: 429, begun: false, retryAfter: expect.any(Number) })
    expect(Math.max(...refused.map(({ retryAfter }) => retryAfter))).toBe(seconds)
    expect(response.headers.get("ratelimit")).toBe(`"failed-logins";r=0;t=${seconds}`)

    expect((await guess(other.url, email)).status).toBe(429)
  },
)

describe.concurrent("X-Forwarded-For", () => {
  const from = (address: string) => ({ "x-forwarded-for": address })

  test("is ignored if no proxy is trusted", async () => {
    await using server = await start()
    const { email } = await register(server.url)
    expect(await guesses(server.url, email, (i) => from(`192.0.2.${i}`), 11)).toEqual(tenFailuresThen(429))
  })

  test("is read as far as proxies are trusted, and invalid addresses don't count as separate clients", async () => {
    await using server = await start({ TRUST_PROXY: "1" })
    const { url } = server
    const [ada, bob] = [await register(url), await register(url)]

    const claims = (i: number) => from(`192.0.2.${i}, 198.51.100.7:${50_000 + i}`)
    expect(await guesses(url, ada.email, claims, 11)).toEqual(tenFailuresThen(429))
    expect((await guess(url, ada.email, from("198.51.100.8"))).status).toBe(401)

    const garbage = (i: number) => from(`198.51.100.9, client-${i}`)
    expect(await guesses(url, bob.email, garbage, 11)).toEqual(tenFailuresThen(429))
  })
})

test.concurrent("guesses from an owner's address get the same responses as for an unknown email, and the owner can still sign in", async () => {
  await using server = await start({ TRUST_PROXY: "1" })
  const { url } = server
  const owner = await register(url)
  const from = (address: string) => ({ "x-forwarded-for": address })
  const [home, elsewhere] = [from("198.51.100.20"), from("198.51.100.21")]
  const signIn = (headers: Record<string, string>) =>
    rest(url, "POST", "/auth/login", { body: { email: owner.email, password: owner.password }, headers })
  expect((await signIn(home)).status).toBe(200)
  expect((await signIn(elsewhere)).status).toBe(200)

  /** The response to a guess, without its unique parts and the exact number of seconds left. */
  const comparableGuess = async (email: string, headers: Record<string, string>) => {
    const { status, headers: responseHeaders, body } = await guess(url, email, headers)
    const unique = ["x-request-id", "date"]
    const lines = [...responseHeaders]
      .filter(([name]) => !unique.includes(name))
      .map((line) => line.join(": "))
    const { requestId, ...rest } = body
    return JSON.stringify([status, lines, rest]).replaceAll(/\b(8[0-9]{2}|900)\b/g, "n")
  }
  const responses = { owner: [] as string[], unknown: [] as string[] }
  const unknownEmail = `${randomUUID()}@example.com`
  // Every sixth guess is for the emails that are compared, and the rest for others.
  for (let failures = 0; failures <= 60; failures += 6) {
    const [atOwner, atUnknown] = await Promise.all([
      comparableGuess(owner.email, home),
      comparableGuess(unknownEmail, elsewhere),
    ])
    responses.owner.push(atOwner)
    responses.unknown.push(atUnknown)
    const others = Array.from({ length: 5 }, () => `${randomUUID()}@example.com`)
    await Promise.all(others.flatMap((other) => [guess(url, other, home), guess(url, other, elsewhere)]))
  }

  expect(responses.owner).toEqual(responses.unknown)
  expect(responses.owner.at(0)).toContain("401")
  expect(responses.owner.at(-1)).toContain("429")
  expect((await signIn(home)).status).toBe(200)
})

test.concurrent("pages of other origins can read the rate-limit headers", async () => {
  await using server = await start({ CORS_ORIGINS: "https://app.example" })
  const { headers } = await guess(server.url, "nobody@example.com", { origin: "https://app.example" })
  const exposed = headers.get("access-control-expose-headers")?.split(",")
  expect(exposed).toEqual(expect.arrayContaining(["RateLimit", "RateLimit-Policy", "Retry-After"]))
})

test("a flood of guesses at a key without a receipt runs few bcrypts and delays nobody else", async () => {
  await using first = await startServerOnPostgres(inject("postgresUrl"))
  const { accessToken, email, password } = await register(first.url)
  const create = async (url: string, token: string) =>
    (await rest(url, "POST", "/auth/apikeys", { accessToken: token, body: { label: "x" } })).body.key
  const guessedKey: string = await create(first.url, accessToken)
  // Receipts can't be checked under another secret.
  await using server = await startTestServer({
    ...first.shared,
    ...DEFAULT_LIMITS,
    AUTH_SECRET: newSecret(),
    TRUST_PROXY: "1",
  })
  const { url } = server
  const login = await rest(url, "POST", "/auth/login", { body: { email, password } })
  const good = await create(url, login.body.accessToken)
  const me = (apiKey: string, address: string) =>
    rest(url, "GET", "/auth/me", { apiKey, headers: { "x-forwarded-for": address } })

  const flood = Array.from({ length: 40 }, () =>
    me(guessedKey.slice(0, 16) + randomBytes(24).toString("hex"), "192.0.2.66"),
  )
  const replies = await Promise.all(Array.from({ length: 100 }, () => me(good, "192.0.2.66")))
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
  expect(await create(url, login.body.accessToken)).toMatch(/^[0-9a-f]{64}$/)

  const floodReplies = await Promise.all(flood)
  const unavailable = floodReplies.filter(({ status }) => status === 503)
  expect(floodReplies.filter(({ status }) => status === 401)).toHaveLength(10)
  expect(unavailable).toHaveLength(30)
  for (const { headers, body } of unavailable) {
    expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(60)
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(30)
    expect(body).toMatchObject({ reason: "UNAVAILABLE", begun: false })
  }
  // Even the real key gets no verdict at the address of the guesses. Elsewhere it does, which stores a receipt.
  expect((await me(guessedKey, "192.0.2.66")).status).toBe(503)
  expect((await me(guessedKey, "192.0.2.67")).status).toBe(200)
  // With a receipt, the address no longer matters.
  expect((await me(guessedKey, "192.0.2.66")).status).toBe(200)
})
