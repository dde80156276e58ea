import type { AppRouter } from "@latchkey/api"
import { newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { runsPgBouncerTests } from "@latchkey/test-postgres"
import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client"
import superjson from "superjson"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import {
  register,
  rest,
  startServerOnPgBouncer,
  startServerOnPostgres,
  startTestServer,
} from "../testServer.ts"

const createClient = (url: string, headers: Record<string, string> = {}) =>
  createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url: `${url}/trpc`, transformer: superjson, headers })],
  })

/** The error data of a tRPC call, which must fail. */
async function expectFailure(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof TRPCClientError)) throw new Error("the call did not fail as a tRPC call")
  return error.data
}

const rejection = { code: "UNAUTHORIZED", httpStatus: 401, reason: "UNAUTHENTICATED" }

const starts = {
  PostgreSQL: () => startServerOnPostgres(inject("postgresUrl")),
  embedded: async () => startTestServer({ DATA_DIR: await newMigratedEmbeddedFolder() }),
  ...(runsPgBouncerTests() && { PgBouncer: () => startServerOnPgBouncer(inject("postgresUrl")) }),
}

describe.each(Object.entries(starts))("on %s", (_, start) => {
  let server: { url: string } & AsyncDisposable
  let url: string
  beforeAll(async () => {
    server = await start()
    url = server.url
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test("a key is created, used, listed, revoked, and then rejected, over tRPC with the stock client", async () => {
    const { user, accessToken } = await register(url)
    const asUser = createClient(url, { authorization: `Bearer ${accessToken}` })

    const created = await asUser.apiKeys.create.mutate({ label: "nightly import" })
    expect(created.key).toMatch(/^[0-9a-f]{64}$/)
    expect(created.createdAt).toBeInstanceOf(Date)

    const asKey = createClient(url, { "x-api-key": created.key })
    const { key, ...metadata } = created
    expect(await asKey.auth.me.query()).toEqual({
      ...user,
      ...{ issuer: "latchkey", subject: user.id, scopes: [] },
      createdAt: new Date(user.createdAt),
      via: "apiKey",
      apiKeyId: created.id,
    })
    const list = await asKey.apiKeys.list.query()
    expect(list).toEqual({ items: [{ ...metadata, lastUsedAt: null, revokedAt: null }], nextCursor: null })
    expect(JSON.stringify(list)).not.toContain(key.slice(8))
    expect(await expectFailure(asKey.apiKeys.create.mutate({ label: "another" }))).toMatchObject({
      httpStatus: 403,
      reason: "FORBIDDEN",
    })
    expect(await expectFailure(asKey.auth.logout.mutate())).toMatchObject({
      httpStatus: 403,
      reason: "FORBIDDEN",
    })

    await asUser.apiKeys.revoke.mutate({ id: created.id })

    expect(await expectFailure(asKey.auth.me.query())).toMatchObject(rejection)
    expect(await expectFailure(asUser.apiKeys.revoke.mutate({ id: created.id }))).toMatchObject({
      httpStatus: 404,
      reason: "NOT_FOUND",
    })
    expect((await asUser.apiKeys.list.query({ limit: 1 })).items).toEqual([])
    expect((await asUser.apiKeys.list.query({ status: "all" })).items).toMatchObject([
      { ...metadata, revokedAt: expect.any(Date) },
    ])
  })

  test("a key is created, used, listed, revoked, and then rejected, over REST", async () => {
    const { user, accessToken } = await register(url)

    const created = await rest(url, "POST", "/auth/apikeys", {
      accessToken,
      body: { label: "nightly import" },
    })
    expect(created.status).toBe(201)
    const { id, key: apiKey, ...metadata } = created.body

    expect(await rest(url, "GET", "/auth/me", { apiKey })).toMatchObject({
      status: 200,
      body: { ...user, via: "apiKey", apiKeyId: id },
    })
    const owner = { ...user, issuer: "latchkey", subject: user.id }
    expect((await rest(url, "GET", "/auth/me", { accessToken })).body).toEqual({
      ...owner,
      scopes: [],
      via: "jwt",
    })
    expect((await rest(url, "GET", "/auth/apikeys?limit=10", { apiKey })).body).toEqual({
      items: [{ id, ...metadata, lastUsedAt: null, revokedAt: null }],
      nextCursor: null,
    })
    expect(await rest(url, "POST", "/auth/apikeys", { apiKey, body: { label: "x" } })).toMatchObject({
      status: 403,
      body: { reason: "FORBIDDEN" },
    })

    const revoked = await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })
    expect(revoked).toMatchObject({ status: 204, body: null })

    expect(await rest(url, "GET", "/auth/me", { apiKey })).toMatchObject({
      status: 401,
      body: { reason: "UNAUTHENTICATED" },
    })
    expect(await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).toMatchObject({
      status: 404,
      body: { reason: "NOT_FOUND" },
    })
    expect((await rest(url, "GET", "/auth/apikeys", { accessToken })).body.items).toEqual([])
    expect((await rest(url, "GET", "/auth/apikeys?status=all", { accessToken })).body.items).toMatchObject([
      { id, ...metadata, revokedAt: expect.any(String) },
    ])
  })

  test("a user signs in, refreshes, changes the password and signs out, over both surfaces", async () => {
    const { email, password, refreshToken } = await register(url)
    const anyone = createClient(url)
    const refreshed = await anyone.auth.refresh.mutate({ refreshToken })
    expect(await expectFailure(anyone.auth.refresh.mutate({ refreshToken }))).toMatchObject(rejection)
    expect(await rest(url, "GET", "/auth/me", refreshed)).toMatchObject({ status: 401 })

    const { body: signedIn } = await rest(url, "POST", "/auth/login", { body: { email, password } })
    const { accessToken } = signedIn
    const elsewhere = await anyone.auth.login.mutate({ email, password })
    const change = { currentPassword: password, newPassword: "a better password than before" }
    expect((await rest(url, "POST", "/auth/password", { accessToken, body: change })).status).toBe(204)
    expect(await rest(url, "GET", "/auth/me", elsewhere)).toMatchObject({ status: 401 })
    expect(await expectFailure(anyone.auth.login.mutate({ email, password }))).toMatchObject({
      httpStatus: 401,
      reason: "LOGIN_FAILED",
    })

    expect((await rest(url, "POST", "/auth/logout", { accessToken })).status).toBe(204)
    expect(await rest(url, "GET", "/auth/me", { accessToken })).toMatchObject({ status: 401 })
  })

  test("another user's key, an unknown id and a malformed id are all not found", async () => {
    const [owner, stranger] = [await register(url), await register(url)]
    const { body } = await rest(url, "POST", "/auth/apikeys", { ...owner, body: { label: "mine" } })
    for (const id of [body.id, "6a39b2b4-5f0c-4a7e-9a55-0d6f1f1f4a11", "made-up", "%00", "%E0%A4%A"]) {
      const { accessToken } = stranger
      expect(await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).toMatchObject({
        status: 404,
        body: { reason: "NOT_FOUND" },
      })
    }
    expect((await rest(url, "GET", "/auth/me", { apiKey: body.key })).status).toBe(200)
  })

  test("wrong, malformed and missing credentials get the same response; only a credential is called invalid", async () => {
    const { accessToken } = await register(url)
    const { body } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
    const wrong = body.key.slice(0, 63) + (body.key.endsWith("0") ? "1" : "0")
    const responses = []
    for (const credential of [
      {},
      { apiKey: wrong },
      { apiKey: "malformed" },
      { apiKey: "0".repeat(64) },
      { accessToken: "malformed" },
      { accessToken: `${accessToken}x` },
      { headers: { authorization: "Basic eDp5" } },
    ]) {
      const { status, headers, body } = await rest(url, "GET", "/auth/me", credential)
      const isMissing = Object.keys(credential).length === 0
      expect(headers.get("www-authenticate")).toBe(
        isMissing ? 'Bearer realm="latchkey"' : 'Bearer realm="latchkey", error="invalid_token"',
      )
      responses.push({ status, body: { ...body, requestId: "" } })
    }
    expect(new Set(responses.map((response) => JSON.stringify(response)))).toEqual(
      new Set([
        JSON.stringify({
          status: 401,
          body: {
            code: "UNAUTHORIZED",
            reason: "UNAUTHENTICATED",
            message: "A valid access token or API key is required.",
            requestId: "",
          },
        }),
      ]),
    )
  })
})
