import { initTRPC } from "@trpc/server"
import { expect, inject, test } from "vitest"
import { newKey, startLatchkey } from "../../test/startLatchkey.ts"
import { failureOf, startProduct } from "../../test/startProduct.ts"
import type { LatchkeyContext } from "../types.ts"

const serverUrl = inject("postgresUrl")

test("a product's procedures know the caller, together with the product's own context and formatter", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, id, subject, accessToken } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const byKey = product.http({ "x-api-key": key })

  const caller = await byKey.whoami.query()
  expect(caller).toMatchObject({ subject, issuer: "latchkey", via: "apiKey", apiKeyId: id })
  expect(caller.at).toBeInstanceOf(Date)
  expect(await byKey.byKey.query()).toBe("apiKey")

  const byJwt = product.http({ authorization: `Bearer ${accessToken}` })
  expect(await byJwt.whoami.query()).toMatchObject({ subject, via: "jwt" })
  expect(await failureOf(byJwt.byKey.query())).toEqual({ status: 403, product: "Tidewater" })
  expect(await failureOf(product.http({}).whoami.query())).toEqual({ status: 401, product: "Tidewater" })
  const ambiguous = product.http({ "x-api-key": key, authorization: `Bearer ${accessToken}` })
  expect(await failureOf(ambiguous.whoami.query())).toEqual({ status: 400, product: "Tidewater" })
})

test("Latchkey's procedures work in the product's router", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { id, accessToken } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const { keys } = product.http({ authorization: `Bearer ${accessToken}` })

  const { items } = await keys.apiKeys.list.query()
  expect(items.map((item) => item.id)).toEqual([id])
  expect(items[0]?.createdAt).toBeInstanceOf(Date)
  await keys.apiKeys.revoke.mutate({ id })
  expect((await keys.apiKeys.list.query()).items).toEqual([])
  expect(await failureOf(keys.apiKeys.revoke.mutate({ id }))).toMatchObject({ status: 404 })
})

test("a session in a cookie, which the product would not send on, is refused before anything happens", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const product = await startProduct(latchkey)
  const { keys } = product.http({ origin: product.url })
  const credentials = { email: "ada@example.com", password: "correct horse battery" }
  expect(await failureOf(keys.auth.register.mutate({ ...credentials, session: "cookie" }))).toMatchObject({
    status: 403,
  })
  expect(await keys.auth.register.mutate(credentials)).toMatchObject({ refreshToken: expect.any(String) })
})

test("the database's failure is 503, never 401", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const byKey = product.http({ "x-api-key": key })
  await started.latchkey.close()
  expect(await failureOf(byKey.whoami.query())).toMatchObject({ status: 503 })
  expect(await failureOf(byKey.keys.auth.me.query())).toMatchObject({ status: 503 })
})

test("credentials in the connectionParams of a URL get 400", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const params = encodeURIComponent(JSON.stringify({ apiKey: key }))
  const response = await fetch(`${product.url}/whoami?connectionParams=${params}`)
  expect(response.status).toBe(400)
  expect(await response.text()).not.toContain(key)
})

test("a scope that was not declared is an error at construction", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  // @ts-expect-error not declared
  expect(() => latchkey.requires({ scope: "reports:delete" })).toThrow(/scope/)
  // @ts-expect-error no such way
  expect(() => latchkey.requires({ via: "cookie" })).toThrow(/via/)
  const { key } = await newKey(latchkey)
  // @ts-expect-error not declared
  const verdict = await latchkey.authenticate({ "x-api-key": key }, { scope: "reports:delete" })
  expect(verdict).toMatchObject({ status: 400, reason: "INVALID_INPUT" })
})

test("with two servers in one process, the callers of one don't pass as callers of the other", async () => {
  await using first = await startLatchkey(serverUrl)
  await using second = await startLatchkey(serverUrl)
  const { key } = await newKey(second.latchkey)
  const t = initTRPC.context<LatchkeyContext>().create()
  const router = t.router({ mine: t.procedure.concat(first.latchkey.requires()).query(() => "done") })
  const req = new Request("https://app.company.tld/mine", { headers: { "x-api-key": key } })
  const ctx = { ...first.latchkey.createContext({ req }), ...second.latchkey.createContext({ req }) }
  await expect(router.createCaller(ctx).mine()).rejects.toMatchObject({
    code: "INTERNAL_SERVER_ERROR",
    message: expect.stringContaining("another Latchkey's"),
  })
})
