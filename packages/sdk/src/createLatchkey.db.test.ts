import { AsyncLocalStorage } from "node:async_hooks"
import { inspect } from "node:util"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { PASSWORD, register, startServerOnPostgres } from "../test/startServer.ts"
import {
  createLatchkey,
  isApiKey,
  LatchkeyError,
  type LatchkeyOptions,
  type LatchkeyResponse,
} from "./index.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>

beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})

afterAll(() => server[Symbol.asyncDispose]())

/** Creates an account, and a client with its access token. */
async function newUser(options: Partial<LatchkeyOptions> = {}) {
  const signedIn = await register(server.url)
  const latchkey = createLatchkey({
    baseUrl: server.url,
    accessToken: signedIn.accessToken,
    ...options,
  } as LatchkeyOptions)
  return { signedIn, latchkey }
}

test("a user signs in, creates a key, sees it in the list, uses it, and revokes it", async () => {
  const { user } = await register(server.url)
  const signedIn = await createLatchkey({ baseUrl: server.url }).auth.login({
    email: user.email,
    password: PASSWORD,
  })
  const asUser = createLatchkey({ baseUrl: server.url, accessToken: signedIn.accessToken })

  const created = await asUser.apiKeys.create({ label: "nightly import" })
  expect(isApiKey(created.key)).toBe(true)
  expect(created).toMatchObject({ label: "nightly import", start: created.key.slice(0, 8), expiresAt: null })

  const labels: string[] = []
  for await (const apiKey of asUser.apiKeys.list()) labels.push(apiKey.label)
  expect(labels).toEqual(["nightly import"])

  const asKey = createLatchkey({ baseUrl: server.url, apiKey: created.key })
  expect(await asKey.auth.me()).toMatchObject({
    ...user,
    subject: user.id,
    via: "apiKey",
    apiKeyId: created.id,
  })
  await expect(asKey.apiKeys.create({ label: "another" })).rejects.toMatchObject({
    reason: "FORBIDDEN",
    status: 403,
  })

  expect(await asUser.apiKeys.revoke(created.id)).toBeUndefined()
  await expect(asKey.auth.me()).rejects.toMatchObject({ reason: "UNAUTHENTICATED", status: 401 })
  await expect(asUser.apiKeys.revoke(created.id)).rejects.toMatchObject({ reason: "NOT_FOUND", status: 404 })
})

test("times are Dates in inputs and outputs", async () => {
  const { latchkey, signedIn } = await newUser()
  const expiresAt = new Date(Date.now() + 86_400_000)

  const created = await latchkey.apiKeys.create({ label: "as a Date", expiresAt })
  const fromText = await latchkey.apiKeys.create({ label: "as text", expiresAt: expiresAt.toISOString() })

  expect(created.expiresAt).toEqual(expiresAt)
  expect(fromText.expiresAt).toEqual(expiresAt)
  expect(created.createdAt).toBeInstanceOf(Date)
  expect(signedIn.accessTokenExpiresAt).toBeInstanceOf(Date)
  expect((await latchkey.auth.me()).createdAt).toEqual(signedIn.user.createdAt)
})

test("awaiting a list returns one page, iterating over it fetches all pages", async () => {
  const { latchkey } = await newUser()
  for (const label of ["1", "2", "3", "4", "5"]) await latchkey.apiKeys.create({ label })

  const page = await latchkey.apiKeys.list({ limit: 2 })
  expect(page.items.map(({ label }) => label)).toEqual(["5", "4"])
  expect(page.items[0]).not.toHaveProperty("key")
  const next = await latchkey.apiKeys.list({ limit: 2, cursor: page.nextCursor })
  expect(next.items.map(({ label }) => label)).toEqual(["3", "2"])

  const labels: string[] = []
  for await (const { label } of latchkey.apiKeys.list({ limit: 2 })) labels.push(label)
  expect(labels).toEqual(["5", "4", "3", "2", "1"])
})

test("an iteration that stops early fetches no further page", async () => {
  const responses: LatchkeyResponse[] = []
  const { latchkey } = await newUser({ onResponse: (response) => responses.push(response) })
  for (const label of ["1", "2", "3"]) await latchkey.apiKeys.create({ label })
  responses.length = 0

  for await (const { label } of latchkey.apiKeys.list({ limit: 1 })) if (label === "2") break

  expect(responses.map(({ procedures }) => procedures)).toEqual([["apiKeys.list"], ["apiKeys.list"]])
})

test("signing out ends the session, changing the password ends all others", async () => {
  const { latchkey, signedIn } = await newUser()
  const elsewhere = await createLatchkey({ baseUrl: server.url }).auth.login({
    email: signedIn.user.email,
    password: PASSWORD,
  })
  const newPassword = "another long phrase"

  await latchkey.auth.changePassword({ currentPassword: PASSWORD, newPassword })
  const other = createLatchkey({ baseUrl: server.url, accessToken: elsewhere.accessToken })
  await expect(other.auth.me()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
  await latchkey.auth.logout()
  await expect(latchkey.auth.me()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
})

test("calls of one tick are sent in as few batches as the server allows", async () => {
  const responses: LatchkeyResponse[] = []
  const { latchkey } = await newUser({ onResponse: (response) => responses.push(response) })

  const all = await Promise.all(Array.from({ length: 45 }, () => latchkey.auth.me()))

  expect(new Set(all.map(({ id }) => id)).size).toBe(1)
  expect(responses.map(({ procedures }) => procedures.length).sort()).toEqual([20, 20, 5])
})

test("a failed call does not affect the others of its batch", async () => {
  const { latchkey } = await newUser()
  const results = await Promise.allSettled([
    latchkey.apiKeys.create({ label: "good" }),
    latchkey.apiKeys.create({ label: "" }),
    latchkey.apiKeys.revoke("00000000-0000-4000-8000-000000000000"),
  ])
  expect(results).toMatchObject([
    { status: "fulfilled", value: { label: "good" } },
    {
      status: "rejected",
      reason: {
        reason: "INVALID_INPUT",
        status: 400,
        issues: [{ path: ["label"], message: expect.any(String) }],
      },
    },
    { status: "rejected", reason: { reason: "NOT_FOUND", status: 404 } },
  ])
})

test("a credential function is called for each call", async () => {
  const { signedIn } = await newUser()
  let accessToken: string | null = null
  const latchkey = createLatchkey({ baseUrl: server.url, accessToken: async () => accessToken })

  await expect(latchkey.auth.me()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
  accessToken = signedIn.accessToken
  expect(await latchkey.auth.me()).toMatchObject({ id: signedIn.user.id, via: "jwt" })
})

test("calls of one tick with different credentials never share a batch", async () => {
  const users = await Promise.all([newUser(), newUser(), newUser()])
  const current = new AsyncLocalStorage<string>()
  const latchkey = createLatchkey({ baseUrl: server.url, accessToken: () => current.getStore() })

  const answers = await Promise.all(
    [...users, ...users].map(({ signedIn }) => current.run(signedIn.accessToken, () => latchkey.auth.me())),
  )

  const ids = users.map(({ signedIn }) => signedIn.user.id)
  expect(answers.map(({ id }) => id)).toEqual([...ids, ...ids])
})

test("an error from a credential function reaches the caller unchanged", async () => {
  const problem = new Error("the vault is closed")
  const latchkey = createLatchkey({
    baseUrl: server.url,
    apiKey: () => {
      throw problem
    },
  })
  await expect(latchkey.auth.me()).rejects.toBe(problem)
})

test("a trailing line break in a key is trimmed; one inside is an error that does not quote the key", async () => {
  const { latchkey } = await newUser()
  const { key } = await latchkey.apiKeys.create({ label: "from a file" })

  expect(await createLatchkey({ baseUrl: server.url, apiKey: `${key}\n` }).auth.me()).toMatchObject({
    via: "apiKey",
  })
  const withBreak = `${key.slice(0, 32)}\n${key.slice(32)}`
  const broken = createLatchkey({ baseUrl: server.url, apiKey: () => withBreak })
  const error = await broken.auth.me().catch((error: unknown) => error)
  expect(error).toMatchObject({ reason: "INVALID_INPUT", message: expect.stringContaining("apiKey") })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key.slice(0, 32))
})

test("two credentials or an invalid timeout are rejected", () => {
  const baseUrl = server.url
  expect(() =>
    createLatchkey({ baseUrl, apiKey: "a", accessToken: "b" } as unknown as LatchkeyOptions),
  ).toThrow("pass only one of apiKey, accessToken and session")
  for (const timeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => createLatchkey({ baseUrl, timeout })).toThrow("timeout")
  }
})

test("onResponse receives what the server logs, and an error in it does not affect the call", async () => {
  const thrown: unknown[] = []
  const listeners = process.listeners("uncaughtException")
  process.removeAllListeners("uncaughtException")
  process.on("uncaughtException", (error) => thrown.push(error))
  try {
    const responses: LatchkeyResponse[] = []
    const { latchkey } = await newUser({
      onResponse(response) {
        responses.push(response)
        throw new Error("the logger is broken")
      },
    })
    await latchkey.auth.me()
    expect(responses).toEqual([
      {
        procedures: ["auth.me"],
        status: 200,
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        duration: expect.any(Number),
      },
    ])
    expect(thrown).toEqual([new Error("the logger is broken")])
  } finally {
    process.removeAllListeners("uncaughtException")
    for (const listener of listeners) process.on("uncaughtException", listener)
  }
})

test("printing a client or an error reveals no credential", async () => {
  const { signedIn, latchkey } = await newUser()
  const { key } = await latchkey.apiKeys.create({ label: "hidden" })
  await latchkey.auth.logout()
  const { accessToken, refreshToken } = signedIn
  const anonymous = createLatchkey({ baseUrl: server.url })
  const clients = [
    createLatchkey({ baseUrl: server.url, apiKey: key }),
    latchkey,
    createLatchkey({ baseUrl: server.url, session: { refreshToken, accessToken } }),
  ]
  const errors = [
    await latchkey.auth.me().catch((error: unknown) => error),
    await clients[2]?.auth.me().catch((error: unknown) => error),
    await createLatchkey({ baseUrl: "http://127.0.0.1:1", apiKey: key, retries: 0 })
      .auth.me()
      .catch((error: unknown) => error),
    // In a batch with a successful login, whose response contains tokens.
    ...(
      await Promise.allSettled([
        anonymous.auth.login({ email: signedIn.user.email, password: PASSWORD }),
        anonymous.auth.login({ email: signedIn.user.email, password: "wrong" }),
      ])
    ).map((settled) => (settled.status === "rejected" ? settled.reason : undefined)),
  ]

  for (const value of [...clients, ...errors]) {
    const printed = [
      inspect(value, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify(value),
      String(value),
      value instanceof Error ? value.stack : "",
    ].join("\n")
    for (const secret of [key, accessToken, refreshToken, PASSWORD]) expect(printed).not.toContain(secret)
    expect(printed).not.toMatch(/eyJ[\w-]+\./)
  }
})

test("an error has a readable message, and the caller in its stack", async () => {
  async function callingFunction() {
    await createLatchkey({ baseUrl: server.url }).auth.me()
  }
  const error = await callingFunction().catch((error: unknown) => error)
  if (!(error instanceof LatchkeyError)) throw error
  expect(error.stack).toContain("LatchkeyError: A valid access token or API key is required.")
  expect(error.stack).toContain("callingFunction")
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: "LatchkeyError",
    message: "A valid access token or API key is required.",
    reason: "UNAUTHENTICATED",
    status: 401,
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
})
