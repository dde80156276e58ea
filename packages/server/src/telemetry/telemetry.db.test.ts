import { createMigratedDatabase } from "@latchkey/db/test"
import { createTcpProxy } from "@latchkey/test-postgres"
import type { ContextManager } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-node"
import { expect, inject, onTestFinished, test } from "vitest"
import { registerOpenTelemetry, SpanKind, trace } from "../../test/registerOpenTelemetry.ts"
import { newKey, rest, startLatchkey } from "../../test/startLatchkey.ts"
import { createTelemetry } from "./createTelemetry.ts"

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
const PARENT_ID = "00f067aa0ba902b7"
const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`

const parentOf = (span: ReadableSpan, spans: readonly ReadableSpan[]) =>
  spans.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId)?.name

test("without an SDK, there is no telemetry", () => {
  expect(createTelemetry((why) => expect.unreachable(why))).toBeNull()
})

test("a request belongs to the caller's trace, with a span for the verdict, the read and the statement", async () => {
  await using telemetry = registerOpenTelemetry()
  await using started = await startLatchkey(inject("postgresUrl"))
  const { key, id } = await newKey(started.latchkey)
  telemetry.takeSpans()

  const { status, headers } = await rest(started.latchkey, "GET", "/auth/me", {
    headers: { "x-api-key": key, traceparent },
  })

  expect(status).toBe(200)
  const spans = telemetry.takeSpans()
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]))
  const request = spans.find(({ name }) => name === "GET /auth/me")
  expect(request).toMatchObject({
    kind: SpanKind.SERVER,
    parentSpanContext: { spanId: PARENT_ID },
    attributes: {
      "http.request.method": "GET",
      "http.route": "/auth/me",
      "http.response.status_code": 200,
      "latchkey.request_id": headers.get("x-request-id"),
      "latchkey.via": "apiKey",
      "latchkey.api_key_id": id,
    },
  })
  const authenticate = spans.find(({ name }) => name === "latchkey.authenticate")
  expect(authenticate?.attributes).toEqual({
    "latchkey.credential": "apiKey",
    "latchkey.verdict": "accepted",
  })
  const statement = spans.find(({ kind }) => kind === SpanKind.CLIENT)
  expect(statement).toMatchObject({
    name: "SELECT api_keys",
    attributes: {
      "db.system.name": "postgresql",
      "db.operation.name": "SELECT",
      "db.query.text": expect.stringMatching(/^select .*lookup_id/s),
    },
  })
  const line = [statement, ...spans.filter(({ name }) => /^latchkey/.test(name))]
  expect(line.map((span) => span && [span.name, parentOf(span, spans)])).toEqual(
    expect.arrayContaining([
      ["SELECT api_keys", "latchkey.read apiKeys"],
      ["latchkey.read apiKeys", "latchkey.authenticate"],
      ["latchkey.authenticate", "GET /auth/me"],
    ]),
  )
})

test("no span and no metric contains a credential, a password or an email", async () => {
  await using telemetry = registerOpenTelemetry()
  await using started = await startLatchkey(inject("postgresUrl"))
  const { latchkey } = started
  const email = "canary@example.com"
  const password = "a long canary password"
  const { body } = await rest(latchkey, "POST", "/auth/register", { body: { email, password } })
  const bearer = { authorization: `Bearer ${body.accessToken}` }
  const { body: created } = await rest(latchkey, "POST", "/auth/apikeys", {
    headers: bearer,
    body: { label: "canary label" },
  })
  const wrong = created.key.slice(0, 63) + (created.key.endsWith("0") ? "1" : "0")
  for (const apiKey of [created.key, wrong, "0".repeat(64), "canary"]) {
    await rest(latchkey, "GET", "/auth/me", { headers: { "x-api-key": apiKey } })
  }
  await rest(latchkey, "GET", `/auth/apikeys/${created.key}`, { headers: bearer })
  await rest(latchkey, "POST", "/auth/register", { body: { email, password } })
  await rest(latchkey, "POST", "/auth/refresh", { body: { refreshToken: body.refreshToken } })

  const told = JSON.stringify([
    telemetry
      .takeSpans()
      .map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    await telemetry.readMetrics(),
  ])
  expect(told).toContain("bcrypt password")
  expect(told).toContain("mismatch")
  const secrets = [
    email,
    "canary",
    body.accessToken,
    body.refreshToken,
    created.key.slice(16),
    wrong.slice(16),
  ]
  for (const secret of secrets) expect(told).not.toContain(secret)
  expect(told).not.toContain(created.key.slice(0, 16))
})

test("concurrent calls share one read, whose span is linked to all of them", async () => {
  await using telemetry = registerOpenTelemetry()
  await using started = await startLatchkey(inject("postgresUrl"))
  const { key } = await newKey(started.latchkey)
  telemetry.takeSpans()

  await Promise.all(Array.from({ length: 5 }, () => started.latchkey.authenticate({ "x-api-key": key })))

  const spans = telemetry.takeSpans()
  const [read, ...others] = spans.filter(({ name }) => name === "latchkey.read apiKeys")
  expect(others).toEqual([])
  expect(read?.attributes).toEqual({ "latchkey.batch.of": "apiKeys", "latchkey.batch.size": 5 })
  const callers = spans
    .filter(({ name }) => name === "latchkey.authenticate")
    .map((span) => span.spanContext().spanId)
  const linked = read?.links.map((link) => link.context.spanId) ?? []
  expect([read?.parentSpanContext?.spanId, ...linked].sort()).toEqual(callers.sort())
})

test("in a host with its own span, a request is a part of that span, and is not counted twice", async () => {
  await using telemetry = registerOpenTelemetry()
  await using started = await startLatchkey(inject("postgresUrl"))
  const { key } = await newKey(started.latchkey)
  telemetry.takeSpans()
  const counted = async () =>
    (await telemetry.readMetrics()).filter(
      ({ name, attributes }) =>
        name === "http.server.request.duration" && attributes["http.route"] === "/auth/me",
    )

  await telemetry.tracer.startActiveSpan("host", async (span) => {
    await rest(started.latchkey, "GET", "/auth/me", { headers: { "x-api-key": key, traceparent } })
    span.end()
  })

  const spans = telemetry.takeSpans()
  const request = spans.find(({ name }) => name === "GET /auth/me")
  expect(request?.kind).toBe(SpanKind.INTERNAL)
  expect(request && parentOf(request, spans)).toBe("host")
  expect(await counted()).toEqual([])
  await rest(started.latchkey, "GET", "/auth/me", { headers: { "x-api-key": key } })
  expect(await counted()).toHaveLength(1)
})

test("with leases, a metric tells how long a revocation waited for them", async () => {
  await using telemetry = registerOpenTelemetry()
  await using started = await startLatchkey(inject("postgresUrl"), { verifyLease: 1 })
  const { key, revoke } = await newKey(started.latchkey)
  await started.latchkey.authenticate({ "x-api-key": key })
  expect((await revoke()).status).toBe(204)
  const metrics = await telemetry.readMetrics()
  expect(metrics.some(({ name }) => name === "latchkey.lease.wait.duration")).toBe(true)
})

test("metrics cover verdicts, bcrypts, batches, statements and the connection pool", async () => {
  await using telemetry = registerOpenTelemetry()
  await using started = await startLatchkey(inject("postgresUrl"), { maxConnections: 7 })
  const { key } = await newKey(started.latchkey)
  await started.latchkey.authenticate({ "x-api-key": key })

  const metrics = await telemetry.readMetrics()

  const values = (name: string) => metrics.filter((metric) => metric.name === name)
  expect(values("latchkey.verdicts")).toContainEqual(
    expect.objectContaining({
      attributes: { "latchkey.credential": "apiKey", "latchkey.verdict": "accepted" },
      value: 1,
    }),
  )
  expect(values("db.client.connection.max").map(({ value }) => value)).toEqual([7])
  for (const name of ["latchkey.bcrypt.duration", "latchkey.batch.size", "db.client.operation.duration"]) {
    expect(values(name)).not.toEqual([])
  }
})

test("an outage ends spans as errors, with a code and without a message", async () => {
  await using telemetry = registerOpenTelemetry()
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  await using proxy = await createTcpProxy(new URL(database.url))
  await using started = await startLatchkey(inject("postgresUrl"), { databaseUrl: proxy.url })
  const { key } = await newKey(started.latchkey)
  telemetry.takeSpans()
  await proxy[Symbol.asyncDispose]()

  await rest(started.latchkey, "GET", "/auth/me", { headers: { "x-api-key": key } })

  const spans = telemetry.takeSpans()
  const request = spans.find(({ name }) => name === "GET /auth/me")
  expect(request).toMatchObject({
    attributes: { "http.response.status_code": 503, "error.type": "503" },
    status: { code: 2 },
    events: [],
  })
  expect(spans.find(({ name }) => name === "latchkey.authenticate")?.status).toEqual({ code: 2 })
})

test("background work without a request creates no spans", async () => {
  await using telemetry = registerOpenTelemetry()
  await using started = await startLatchkey(inject("postgresUrl"))
  const { key } = await newKey(started.latchkey)
  await started.latchkey.authenticate({ "x-api-key": key })
  telemetry.takeSpans()

  await started.latchkey.flush()

  expect(telemetry.takeSpans()).toEqual([])
  expect(trace.getActiveSpan()).toBeUndefined()
})

function throwing(): never {
  throw new Error("the exporter is closed")
}
const noWork = { forceFlush: async () => {}, shutdown: async () => {} }

function breakSpan(span: object) {
  for (const name of ["spanContext", "setAttributes", "setStatus", "updateName"]) {
    Object.assign(span, { [name]: throwing })
  }
}

const brokenContexts: ContextManager = {
  active: throwing,
  with: throwing,
  bind: (_, target) => target,
  enable: () => brokenContexts,
  disable: () => brokenContexts,
}

test.each<[string, Parameters<typeof registerOpenTelemetry>[0]]>([
  ["span processor at the start", { spanProcessors: [{ onStart: throwing, onEnd() {}, ...noWork }] }],
  ["span processor at the end", { spanProcessors: [{ onStart() {}, onEnd: throwing, ...noWork }] }],
  ["sampler", { sampler: { shouldSample: throwing, toString: () => "throwing" } }],
  ["propagator", { propagator: { inject() {}, extract: throwing, fields: () => [] } }],
  ["span", { spanProcessors: [{ onStart: breakSpan, onEnd() {}, ...noWork }] }],
  ["context manager", { contextManager: brokenContexts }],
  ["view", { views: [{ instrumentName: "*", attributesProcessors: [{ process: throwing }] }] }],
])("a %s that throws changes no response, and leaves no call waiting", async (_, parts) => {
  const rejections: unknown[] = []
  const note = (error: unknown) => void rejections.push(error)
  process.on("unhandledRejection", note)
  onTestFinished(() => void process.off("unhandledRejection", note))
  await using _telemetry = registerOpenTelemetry(parts)
  await using started = await startLatchkey(inject("postgresUrl"))
  const { latchkey } = started

  const { key, revoke } = await newKey(latchkey)
  expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  const body = { email: "user@example.com", password: "correct horse battery" }
  expect((await rest(latchkey, "POST", "/auth/register", { body })).status).toBe(201)
  expect((await revoke()).status).toBe(204)
  expect((await rest(latchkey, "GET", "/auth/me", { headers: { "x-api-key": key } })).status).toBe(401)
  const streamed = new Request(`http://localhost${latchkey.basePath}/trpc/auth.me?batch=1&input=%7B%7D`, {
    headers: { "trpc-accept": "application/jsonl" },
  })
  expect(await (await latchkey.fetch(streamed)).text()).toContain("UNAUTHENTICATED")
  expect(rejections).toEqual([])
})
