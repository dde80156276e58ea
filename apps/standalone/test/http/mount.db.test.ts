import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { restOperations } from "@latchkey/api"
import { createLatchkeyServer } from "@latchkey/server"
import { latchkeyHandler } from "@latchkey/server/node"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { registerWithKey, startServerOnPostgres } from "../testServer.ts"

// The same requests to the server and to a host's mount, on the same database, get the same answers.

const BASE_PATH = "/latchkey"
const ORIGIN = "https://app.example.com"

interface Side {
  url: string
  accessToken: string
  refreshToken: string
  apiKey: string
  id: string
}

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sides: Side[]
let stopHost: () => Promise<void>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    RATE_LIMIT_FACTOR: "1",
    CORS_ORIGINS: ORIGIN,
  })
  const latchkey = createLatchkeyServer({
    databaseUrl: server.shared.DATABASE_URL,
    secret: server.shared.AUTH_SECRET,
    passwords: "on",
    allowedOrigins: [ORIGIN],
  })
  const host = createServer(latchkeyHandler(latchkey)).listen(0)
  await once(host, "listening")
  const mount = `http://localhost:${(host.address() as AddressInfo).port}${BASE_PATH}`
  sides = []
  for (const url of [server.url, mount]) sides.push({ url, ...(await registerWithKey(url)) })
  stopHost = async () => {
    host.closeAllConnections()
    host.close()
    await latchkey.close()
  }
})
afterAll(async () => {
  await stopHost()
  await server[Symbol.asyncDispose]()
})

interface Call {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
}

const json = { "content-type": "application/json" }

/** How a caller presents itself, with the side's own user. */
const CREDENTIALS: [string, (side: Side) => Record<string, string>][] = [
  ["nothing", () => ({})],
  ["a key", ({ apiKey }) => ({ "x-api-key": apiKey })],
  ["a key as Bearer", ({ apiKey }) => ({ authorization: `Bearer ${apiKey}` })],
  ["two credentials", ({ apiKey }) => ({ "x-api-key": apiKey, authorization: `Bearer ${apiKey}` })],
  ["a wrong key", () => ({ "x-api-key": "0".repeat(64) })],
  ["a foreign token", () => ({ authorization: "Bearer e30.e30.e30" })],
]

/** Every operation by every caller that may change nothing, and with a body that fits none. */
const operations = restOperations.flatMap(({ method, path, procedure, kind }) => {
  const route = path.replace(/\{\w+\}/g, "11111111-1111-4111-8111-111111111111")
  const body = method === "GET" || method === "DELETE" ? {} : { body: '{"unexpected":true}' }
  const trpc: Call =
    kind === "query"
      ? { method: "GET", path: `/trpc/${procedure}` }
      : { method: "POST", path: `/trpc/${procedure}`, headers: json, body: '{"json":{"unexpected":true}}' }
  return [{ method, path: route, ...(body.body !== undefined && { headers: json, ...body }) }, trpc]
})

const withToken = ({ accessToken }: Side) => ({ authorization: `Bearer ${accessToken}` })

/** Requests with a particular form, by a user with an access token. */
const SPECIAL: Call[] = [
  ...["/auth/me", "/auth/apikeys", "/auth/sessions", "/trpc/auth.me", "/trpc/apiKeys.list"].flatMap(
    (path) => [
      { method: "GET", path },
      { method: "HEAD", path },
      { method: "PUT", path, headers: json, body: "{}" },
      { method: "OPTIONS", path },
      { method: "GET", path, headers: { origin: ORIGIN } },
      { method: "GET", path, headers: { origin: "https://evil.example" } },
      {
        method: "OPTIONS",
        path,
        headers: {
          origin: ORIGIN,
          "access-control-request-method": "POST",
          "access-control-request-headers": "x-api-key",
        },
      },
      {
        method: "OPTIONS",
        path,
        headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
      },
      { method: "GET", path: `${path}/` },
      { method: "GET", path: `${path}?unknown=1` },
      { method: "GET", path: path.toUpperCase() },
    ],
  ),
  ...[
    "",
    "null",
    "[]",
    "{",
    '{"label":1}',
    '{"label":""}',
    '{"label":"x","label":"y"}',
    '{"label":"x","a":1}',
  ].flatMap((body) => [
    { method: "POST", path: "/auth/apikeys", headers: json, body },
    { method: "POST", path: "/trpc/apiKeys.create", headers: json, body: `{"json":${body}}` },
  ]),
  ...[
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
  ].flatMap((type) => [
    { method: "POST", path: "/auth/apikeys", headers: { "content-type": type }, body: '{"label":"x"}' },
    {
      method: "POST",
      path: "/trpc/apiKeys.create",
      headers: { "content-type": type },
      body: '{"json":{"label":"x"}}',
    },
  ]),
  { method: "POST", path: "/auth/apikeys", headers: { ...json, "content-encoding": "gzip" }, body: "{}" },
  { method: "POST", path: "/auth/apikeys", headers: json, body: `{"label":"${"x".repeat(70_000)}"}` },
  { method: "POST", path: "/auth/apikeys", headers: json, body: '{"label":"made here"}' },
  { method: "POST", path: "/trpc/apiKeys.create", headers: json, body: '{"json":{"label":"made here"}}' },
  { method: "GET", path: "/auth/apikeys?limit=0" },
  { method: "GET", path: "/auth/apikeys?limit=1" },
  { method: "GET", path: "/auth/apikeys?limit=1&limit=2" },
  { method: "GET", path: "/trpc/auth.me,apiKeys.list?batch=1&input=%7B%7D" },
  { method: "GET", path: "/trpc/auth.me,nothing.here?batch=1&input=%7B%7D" },
  { method: "GET", path: `/trpc/${Array(21).fill("auth.me").join(",")}?batch=1&input=%7B%7D` },
  { method: "GET", path: "/trpc/auth.me?input=%7B" },
  { method: "GET", path: "/trpc/auth.me?batch=1", headers: { "trpc-accept": "application/jsonl" } },
  { method: "GET", path: "/trpc" },
  { method: "GET", path: "/trpc/" },
  { method: "GET", path: "/trpc/nothing" },
  { method: "GET", path: "/trpc/%E0%A4%A" },
  { method: "GET", path: "/auth/nothing" },
  { method: "GET", path: "/auth//me" },
  { method: "GET", path: "/auth/apikeys/%00" },
  { method: "DELETE", path: "/auth/apikeys/none" },
  {
    method: "POST",
    path: "/auth/login",
    headers: json,
    body: '{"email":"nobody@example.com","password":"x"}',
  },
  { method: "POST", path: "/auth/login", headers: json, body: '{"email":"no email","password":"x"}' },
  { method: "POST", path: "/auth/refresh", headers: json, body: '{"refreshToken":"none"}' },
  { method: "GET", path: "/openapi.json" },
  { method: "GET", path: "/healthz" },
  { method: "GET", path: "/readyz" },
  { method: "HEAD", path: "/healthz" },
  { method: "POST", path: "/readyz" },
  { method: "GET", path: "/nothing.txt" },
]

/** Differs by contract: HSTS is the host's, CORS with credentials is the mount's. The rest is of the connection. */
const IGNORED_HEADERS =
  /^(strict-transport-security|access-control-allow-credentials|date|content-length|etag|connection|keep-alive)$/

/** What must be the same, without ids, times, secrets and the base path. */
async function answerOf(
  side: Side,
  { method, path, headers, body }: Call,
  credential: Record<string, string>,
) {
  const response = await fetch(`${side.url}${path}`, {
    method,
    headers: { ...headers, ...credential },
    ...(body !== undefined && { body }),
    redirect: "manual",
  })
  const same = (text: string) =>
    text
      .replace(`"servers":[{"url":"${BASE_PATH}"}]`, '"servers":[{"url":"/"}]')
      .replaceAll(BASE_PATH, "")
      .replaceAll(/[\w.-]+@example\.com/g, "<email>")
      .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "<id>")
      .replaceAll(/\b[\da-f]{64}\b/g, "<key>")
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
      // Written a moment after the use.
      .replaceAll(/"lastUsedAt":(null|"<time>")|,"items\.\d+\.lastUsedAt":\["Date"\]/g, "")
      .replaceAll(/"(start|nextCursor|address)":"[^"]*"/g, '"$1":"<text>"')
  const sent = [...response.headers].filter(([name]) => !IGNORED_HEADERS.test(name))
  return {
    status: response.status,
    headers: sent.map(([name, value]) => {
      const isLimit = /^(ratelimit|retry-after)/.test(name)
      return `${name}: ${isLimit ? value.replaceAll(/\d+/g, "<n>") : same(value)}`
    }),
    body: same(await response.text()),
  }
}

async function expectSame(call: Call, credentialOf: (side: Side) => Record<string, string>, name: string) {
  const answers = []
  for (const side of sides) answers.push(await answerOf(side, call, credentialOf(side)))
  const title = `${call.method} ${call.path.slice(0, 80)} ${(call.body ?? "").slice(0, 60)} with ${name}`
  expect.soft(answers[1], title).toEqual(answers[0])
}

test(`every operation answers the same to each of ${CREDENTIALS.length} callers`, async () => {
  for (const call of operations) {
    for (const [name, credentialOf] of CREDENTIALS) await expectSame(call, credentialOf, name)
  }
  expect(operations.length * CREDENTIALS.length).toBeGreaterThan(200)
})

test("requests in every format get the same answer", async () => {
  for (const call of SPECIAL) await expectSame(call, withToken, "a token")
})
