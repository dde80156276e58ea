import { expect, test } from "vitest"
import { openConnection } from "./rawConnection.ts"
import { request } from "./request.ts"
import { useTarget } from "./target.ts"

const target = useTarget()

const KEEP = "Connection: keep-alive"
const JSON_TYPE = "Content-Type: application/json"

/** A request whose response can't be mistaken for another's. */
const recognizable = () => request("GET /trpc/auth.me", [KEEP, `X-API-Key: ${target().apiKey}`])

/** A request hidden in a body. It would get a response if the server skipped the body or cut it short. */
const HIDDEN = "\r\n\r\nGET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
const big = HIDDEN.repeat(1500)

const REFUSED: [string, number, () => Uint8Array][] = [
  ["of another type", 415, () => request("POST /auth/login", [KEEP, "Content-Type: text/plain"], HIDDEN)],
  ["of another type over tRPC", 415, () => request("POST /trpc/auth.login", [KEEP], HIDDEN)],
  [
    "that is encoded",
    415,
    () => request("POST /auth/login", [KEEP, JSON_TYPE, "Content-Encoding: gzip"], HIDDEN),
  ],
  ["that is not JSON", 400, () => request("POST /auth/login", [KEEP, JSON_TYPE], HIDDEN)],
  ["that is not JSON over tRPC", 400, () => request("POST /trpc/auth.login", [KEEP, JSON_TYPE], HIDDEN)],
  ["that is too large", 413, () => request("POST /auth/login", [KEEP, JSON_TYPE], big)],
  ["that is too large over tRPC", 413, () => request("POST /trpc/auth.login", [KEEP, JSON_TYPE], big)],
  ["without a credential", 401, () => request("POST /auth/apikeys", [KEEP, JSON_TYPE], '{"label":"x"}')],
  ["for an unknown path", 404, () => request("POST /nowhere", [KEEP, JSON_TYPE], HIDDEN)],
  ["for an unsupported method", 405, () => request("PUT /auth/login", [KEEP, JSON_TYPE], HIDDEN)],
  ["for a tRPC query", 405, () => request("POST /trpc/auth.me", [KEEP, JSON_TYPE], HIDDEN)],
  ["of a GET", 200, () => request("GET /healthz", [KEEP, JSON_TYPE], HIDDEN)],
  ["of a GET without a credential", 401, () => request("GET /auth/me", [KEEP, JSON_TYPE], big)],
  ["of an OPTIONS", 405, () => request("OPTIONS /auth/me", [KEEP, JSON_TYPE], HIDDEN)],
  ["of a TRACE", 405, () => request("TRACE /auth/me", [KEEP, JSON_TYPE], HIDDEN)],
  ["with two hosts", 400, () => request("POST /auth/login", [KEEP, "Host: a", "Host: b", JSON_TYPE], HIDDEN)],
]

test.each(REFUSED)(
  "after a body %s, the next request gets its own response or none",
  async (_, status, first) => {
    // The next request is sent together with the first, or after its response.
    for (const together of [true, false]) {
      using connection = openConnection(target().url)
      connection.write(together ? Buffer.concat([first(), recognizable()]) : first())
      expect(await connection.read()).toMatchObject({ status })
      if (!together) connection.write(recognizable())
      const next = await connection.read()
      if (next) expect(next).toMatchObject({ status: 200, body: expect.stringContaining('"apiKeyId"') })
      else await connection.closed()
    }
  },
)

test("pipelined requests get their responses in order", async () => {
  const requests = [
    request("GET /auth/me", [KEEP]),
    recognizable(),
    request("GET /nowhere", [KEEP]),
    request("POST /auth/login", [KEEP, JSON_TYPE], "{}"),
    request("GET /healthz", [KEEP]),
    request("GET /trpc/auth.login", [KEEP]),
  ]
  using connection = openConnection(target().url)
  for (let round = 0; round < 20; round++) {
    connection.write(Buffer.concat(requests))
    for (const status of [401, 200, 404, 400, 200, 405]) {
      expect(await connection.read()).toMatchObject({ status })
    }
  }
})

test("bytes after a request that are not HTTP do not damage its response", async () => {
  using connection = openConnection(target().url)
  connection.write(Buffer.concat([recognizable(), Buffer.from("nonsense\r\n\r\n")]))
  const reply = await connection.read()
  if (reply) expect(reply).toMatchObject({ status: 200, body: expect.stringContaining('"apiKeyId"') })
  await connection.closed()
})

test.each(["websocket", "h2c", "TLS/1.0"])("an upgrade to %s is ignored", async (protocol) => {
  const reply = await target().send(
    request("GET /auth/me", [
      "Connection: Upgrade, HTTP2-Settings",
      `Upgrade: ${protocol}`,
      "HTTP2-Settings: AAMA",
    ]),
  )
  expect(reply?.status).toBe(401)
})

test.each([
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "GET /auth/me HTTP/2.0\r\n\r\n",
  "GET /auth/me\r\n",
  "\x16\x03\x01",
])("%j is refused", async (bytes) => {
  using connection = openConnection(target().url)
  connection.write(`${bytes}\r\n\r\n`)
  expect(await connection.read()).toMatchObject({ status: 400 })
  await connection.closed()
})
