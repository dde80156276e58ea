import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  httpBatchStreamLink,
  TRPCClientError,
  wsLink,
} from "@trpc/client"
import { initTRPC } from "@trpc/server"
import { createHTTPHandler } from "@trpc/server/adapters/standalone"
import { applyWSSHandler } from "@trpc/server/adapters/ws"
import superjson from "superjson"
import { expect, inject, onTestFinished, test } from "vitest"
import { WebSocket, WebSocketServer } from "ws"
import { newKey, startLatchkey, type TestScope } from "../../test/startLatchkey.ts"
import { hostRequestOf } from "../host/hostRequest.ts"
import type { ContextSource, LatchkeyServer } from "../types.ts"

const serverUrl = inject("postgresUrl")

interface Context {
  requestedAt: Date
}

/** A product's own router, with a transformer, an error formatter and a context of its own. */
function createProduct(latchkey: LatchkeyServer<TestScope>) {
  const t = initTRPC.context<Context & ReturnType<typeof latchkey.createContext>>().create({
    transformer: superjson,
    errorFormatter: ({ shape }) => ({ ...shape, product: "Tidewater" }),
  })
  const protectedProcedure = t.procedure.concat(latchkey.requires())
  return t.router({
    whoami: protectedProcedure.query(({ ctx }) => ({ ...ctx.caller, at: ctx.requestedAt })),
    publish: t.procedure
      .concat(latchkey.requires({ scope: "reports:write" }))
      .mutation(({ ctx }) => ctx.caller.subject),
    byKey: t.procedure.concat(latchkey.requires({ via: "apiKey" })).query(({ ctx }) => ctx.caller.via),
    ticks: protectedProcedure.subscription(async function* ({ signal }) {
      yield "begun"
      await new Promise((resolve) => signal?.addEventListener("abort", resolve))
    }),
    lines: protectedProcedure.query(async function* ({ signal }) {
      yield "begun"
      await new Promise((resolve) => signal?.addEventListener("abort", resolve))
    }),
    keys: latchkey.router,
  })
}

/** Serves the product over HTTP and WebSockets. */
async function startProduct(latchkey: LatchkeyServer<TestScope>) {
  const router = createProduct(latchkey)
  const createContext = (options: ContextSource) => ({
    requestedAt: new Date(),
    ...latchkey.createContext(options),
  })
  const server = createServer(createHTTPHandler({ router, createContext }))
  const wss = new WebSocketServer({ server })
  applyWSSHandler({ wss, router, createContext })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    wss.close()
    for (const client of wss.clients) client.terminate()
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    http: (headers: Record<string, string>) =>
      createTRPCClient<typeof router>({ links: [httpBatchLink({ url, headers, transformer: superjson })] }),
    stream: (headers: Record<string, string>) =>
      createTRPCClient<typeof router>({
        links: [httpBatchStreamLink({ url, headers, transformer: superjson })],
      }),
    webSocket(connectionParams: Record<string, string>, headers: Record<string, string> = {}) {
      const WithHeaders = class extends WebSocket {
        constructor(address: string) {
          super(address, { headers })
        }
      }
      const client = createWSClient({
        url: url.replace("http", "ws"),
        connectionParams,
        WebSocket: WithHeaders as unknown as typeof globalThis.WebSocket,
      })
      onTestFinished(() => client.close())
      return createTRPCClient<typeof router>({ links: [wsLink({ client, transformer: superjson })] })
    },
  }
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) =>
      error instanceof TRPCClientError
        ? { status: error.data?.httpStatus, product: error.shape?.product }
        : error,
  )

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

test("a subscription over SSE ends when its key is revoked", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, revoke } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const response = await fetch(`${product.url}/ticks`, {
    headers: { "x-api-key": key, accept: "text/event-stream" },
  })
  if (!response.body) throw new Error("no body")
  let text = ""
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.includes("begun")) await revoke()
    if (text.includes("serialized-error")) break
  }
  expect(text).toMatch(/"httpStatus":401/)
})

test("a streamed answer of a query ends when its key is revoked", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, revoke } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const lines = await product.stream({ "x-api-key": key }).lines.query()
  const received: unknown[] = []
  const ended = (async () => {
    for await (const line of lines) {
      received.push(line)
      await revoke()
    }
  })()
  expect(await failureOf(ended)).toMatchObject({ status: 401 })
  expect(received).toEqual(["begun"])
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

test("a huge credential of a WebSocket is not kept for its calls, which get 401", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const product = await startProduct(latchkey)
  const huge = "a".repeat(1_000_000)
  for (const params of [{ accessToken: `e30.${huge}.e30` }, { apiKey: huge }]) {
    expect(await failureOf(product.webSocket(params).whoami.query())).toMatchObject({ status: 401 })
    const info = { connectionParams: params, url: null }
    const { request } = hostRequestOf(latchkey.createContext({ req: { headers: {} }, info }))
    const kept = [...request.headers.values()].join("")
    expect(kept.length).toBeLessThan(100)
  }
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
