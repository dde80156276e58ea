import fc from "fast-check"
import { test } from "vitest"
import { openConnection } from "./rawConnection.ts"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget({ TRUST_PROXY: "2", CORS_ORIGINS: "https://app.example" })
const marker = newMarker()

async function expectHarmlessAnswer(bytes: Uint8Array, { isHead = false } = {}) {
  const reply = await target().send(bytes, { hasBody: !isHead })
  if (!reply) throw new Error("no answer")
  expectHarmless(reply, marker)
}

async function hold<Ts extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<Ts>) {
  await fc.assert(property, { numRuns: 250 })
  await target().expectUnharmed()
}

const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "QUERY", "PROPFIND"]

const escaped = fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, "0")}`)
const segment = fc.oneof(
  fc.constantFrom(
    "auth",
    "trpc",
    "me",
    "apikeys",
    "auth.me",
    "apiKeys.list",
    "apiKeys.revoke",
    "assets",
    "healthz",
  ),
  fc.constantFrom(
    "",
    ".",
    "..",
    ",",
    "auth.me,auth.me",
    "__proto__",
    "constructor",
    ":",
    "@",
    "*",
    "{key_id}",
    marker,
  ),
  fc
    .array(fc.oneof(escaped, fc.constantFrom("%", "%2", "%25", "%2525", "a", "~", "!", "$", ";", "\\")), {
      maxLength: 6,
    })
    .map((parts) => parts.join("")),
  fc.string({ unit: "grapheme-ascii", maxLength: 8 }).map((text) => text.replaceAll(" ", "")),
)
const targets = fc
  .tuple(
    fc.array(segment, { maxLength: 6 }),
    fc.constantFrom(
      "",
      "/",
      "?",
      "?batch=1",
      "?batch=1&input=",
      "?input={}",
      "#",
      "?%",
      `?${marker}=${marker}`,
    ),
  )
  .map(([segments, end]) => `/${segments.join("/")}${end}`)

test("any target is answered without a mishap and without being repeated", () =>
  hold(
    fc.asyncProperty(fc.constantFrom(...METHODS), targets, fc.boolean(), async (method, path, wantsPage) => {
      const headers = [`X-API-Key: ${target().apiKey}`, ...(wantsPage ? ["Accept: text/html"] : [])]
      const line = request(`${method} ${path.replaceAll("\\r", "")}`, headers)
      await expectHarmlessAnswer(line, { isHead: method === "HEAD" })
    }),
  ))

/** What a header's value may have: no line's end, and no NUL. */
const byte = fc.oneof(
  fc.constantFrom("\t", " ", ",", ";", "=", '"', ":", "/", "*", "-", ".", "%", "1", "[", "]"),
  fc
    .integer({ min: 0x21, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
)
const values = fc.oneof(
  fc.string({ unit: byte, maxLength: 40 }).map((text) => text + marker),
  fc.string({ unit: byte, maxLength: 40 }),
  fc
    .array(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.constant(marker),
        fc.constantFrom("", "unknown", "_x", "[::1]:80", "1.1.1.1:80"),
      ),
      {
        maxLength: 8,
      },
    )
    .map((hops) => hops.join(", ")),
  fc
    .array(
      fc.tuple(
        fc.constantFrom("__Host-latchkey", "latchkey", "__proto__", marker),
        fc.string({ unit: byte, maxLength: 20 }),
      ),
      {
        maxLength: 8,
      },
    )
    .map((pairs) => pairs.map((pair) => pair.join("=")).join("; ")),
  fc.constantFrom(
    "application/json",
    "application/jsonl",
    "text/event-stream",
    "text/html",
    "*/*",
    "chunked",
    "bytes=0-1",
  ),
  fc.constantFrom(
    "https://app.example",
    "null",
    "http://localhost",
    "same-origin",
    "gzip",
    "100-continue",
    'W/"x"',
  ),
)
const NAMES = [
  ...["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via", "Host"],
  ...[
    "Cookie",
    "Origin",
    "Referer",
    "Sec-Fetch-Site",
    "User-Agent",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
  ],
  ...[
    "trpc-accept",
    "Content-Type",
    "Content-Encoding",
    "Range",
    "If-None-Match",
    "If-Modified-Since",
    "Expect",
  ],
  ...["Access-Control-Request-Method", "Access-Control-Request-Headers", "X-Request-Id", "traceparent", "TE"],
  ...[
    "X-HTTP-Method-Override",
    "Authorization",
    "X-API-Key",
    "Cache-Control",
    "Upgrade",
    "__proto__",
    "constructor",
  ],
]
const headers = fc.array(fc.tuple(fc.constantFrom(...NAMES), values), { maxLength: 8 })
const LINES = [
  ...[
    "GET /auth/me",
    "GET /trpc/auth.me",
    "GET /trpc/auth.me?batch=1",
    "POST /auth/refresh",
    "POST /auth/logout",
  ],
  ...[
    "POST /trpc/auth.refresh",
    "POST /trpc/auth.login",
    "OPTIONS /auth/me",
    "DELETE /auth/sessions/x",
    "GET /",
  ],
  ...["GET /assets/x.js", "HEAD /openapi.json"],
]

test("so are any headers, among them X-Forwarded-For and Cookie", () =>
  hold(
    fc.asyncProperty(fc.constantFrom(...LINES), headers, async (line, pairs) => {
      const bytes = request(
        line,
        pairs.map((pair) => pair.join(": ")),
        line.startsWith("POST") ? "{}" : undefined,
      )
      await expectHarmlessAnswer(bytes, { isHead: line.startsWith("HEAD") })
    }),
  ))

/** Places in a request, by their share of it, and what is to stand there instead of a few bytes. */
const damage = fc.array(
  fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(4),
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom("\r\n", "\r\n\r\n", "\n", " ", ":", "0\r\n\r\n").map((text) => Buffer.from(text)),
    ),
  ),
  { minLength: 1, maxLength: 4 },
)

test("so is a request that was damaged on its way, or its connection ends", () =>
  hold(
    fc.asyncProperty(
      fc.constantFrom("/auth/login", "/trpc/auth.login"),
      fc.boolean(),
      damage,
      async (path, isChunked, places) => {
        const json = JSON.stringify({ json: { email: `${marker}@b.example`, password: marker } })
        const body = isChunked ? `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n` : json
        const more = [
          "Content-Type: application/json",
          `X-Marker: ${marker}`,
          ...(isChunked ? ["Transfer-Encoding: chunked"] : []),
        ]
        let bytes = Buffer.from(request(`POST ${path}`, more, body))
        for (const [where, taken, put] of places) {
          const at = Math.floor(bytes.length * where)
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + taken)])
        }
        using connection = openConnection(target().url)
        connection.write(bytes)
        // There is no more to come, however much was promised.
        connection.end()
        const reply = await connection.read()
        if (reply) expectHarmless(reply, marker)
      },
    ),
  ))
