import type { Context } from "@latchkey/api"
import { expect, inject, test } from "vitest"
import { newKey, startLatchkey } from "../../test/startLatchkey.ts"
import { createProduct, failureOf, startProduct } from "../../test/startProduct.ts"

const serverUrl = inject("postgresUrl")

test("on a WebSocket, every call to the product and to Latchkey is verified", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, revoke } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const byKey = product.webSocket({ apiKey: key })

  expect(await byKey.whoami.query()).toMatchObject({ via: "apiKey" })
  expect(await byKey.keys.auth.me.query()).toMatchObject({ via: "apiKey" })
  await revoke()
  expect(await failureOf(byKey.whoami.query())).toMatchObject({ status: 401 })
  expect(await failureOf(byKey.keys.auth.me.query())).toMatchObject({ status: 401 })
})

test("a WebSocket whose host passes on only the request is verified at every call too", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, revoke } = await newKey(latchkey)
  const headers = { "x-api-key": key, connection: "Upgrade", upgrade: "h2c, WebSocket" }
  const ctx = { requestedAt: new Date(), ...latchkey.createContext({ headers, method: "GET" } as never) }
  const calls = createProduct(latchkey).createCaller(ctx)

  expect(await calls.whoami()).toMatchObject({ via: "apiKey" })
  expect(await calls.keys.auth.me()).toMatchObject({ via: "apiKey" })
  await revoke()
  await expect(calls.whoami()).rejects.toMatchObject({ code: "UNAUTHORIZED" })
  await expect(calls.keys.auth.me()).rejects.toMatchObject({ code: "UNAUTHORIZED" })
})

test("on a WebSocket, a page of another site gets no answer with the host's cookie", async () => {
  await using started = await startLatchkey(serverUrl, {
    identify: (headers) => (headers.get("cookie") === "session=ada" ? { subject: "org_1" } : null),
  })
  const product = await startProduct(started.latchkey)
  const connect = (origin?: string) =>
    product.webSocket({}, { cookie: "session=ada", ...(origin !== undefined && { origin }) })

  for (const attack of [connect("https://evil.example"), connect("null")]) {
    expect(await failureOf(attack.whoami.query())).toMatchObject({ status: 403 })
    expect(await failureOf(attack.keys.apiKeys.list.query())).toMatchObject({ status: 403 })
  }
  for (const own of [connect(product.url), connect()]) {
    expect(await own.whoami.query()).toMatchObject({ subject: "org_1", via: "host" })
    expect(await own.keys.apiKeys.list.query()).toMatchObject({ items: [] })
  }
})

test("a subscription on a WebSocket ends when its key is revoked", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { accessToken, key, revoke } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const ended = new Promise<unknown>((resolve, reject) => {
    product.webSocket({ apiKey: key }).ticks.subscribe(undefined, {
      onData: () => void revoke(),
      onError: ({ data }) => resolve(data?.httpStatus),
      onComplete: () => reject(new Error("completed")),
    })
  })
  const byJwt = product.webSocket({ accessToken })
  const events: string[] = []
  byJwt.ticks.subscribe(undefined, { onData: (event) => void events.push(event) })

  expect(await ended).toBe(401)
  expect(events).toEqual(["begun"])
})

test("a huge credential of a WebSocket is not kept for its calls, which get 401", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const product = await startProduct(latchkey)
  const huge = "a".repeat(1_000_000)
  for (const params of [{ accessToken: `e30.${huge}.e30` }, { apiKey: huge }]) {
    expect(await failureOf(product.webSocket(params).whoami.query())).toMatchObject({ status: 401 })
    const info = { connectionParams: params, url: null }
    const context = latchkey.createContext({ req: { headers: {} }, info }) as unknown as Context
    const { request } = context.latchkey
    const kept = [...request.headers.values()].join("")
    expect(kept.length).toBeLessThan(100)
  }
})
