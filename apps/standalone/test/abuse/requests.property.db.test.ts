import fc from "fast-check"
import { test } from "vitest"
import { damage, hostileHeaders, hostileTargets, METHODS } from "./hostileRequests.ts"
import { openConnection } from "./rawConnection.ts"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget({ TRUST_PROXY: "2", CORS_ORIGINS: "https://app.example" })
const marker = newMarker()

async function hold<Ts extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<Ts>) {
  await fc.assert(property, { numRuns: 250 })
  await target().expectUnharmed()
}

async function expectHarmlessAnswer(line: string, headers: string[], body?: string) {
  const reply = await target().send(request(line, headers, body), { hasBody: !line.startsWith("HEAD") })
  if (!reply) throw new Error("no answer")
  expectHarmless(reply, marker)
}

test("any target is answered without a mishap and without being repeated", () =>
  hold(
    fc.asyncProperty(
      fc.constantFrom(...METHODS),
      hostileTargets(marker),
      fc.constantFrom("text/html", "*/*"),
      (method, path, accept) =>
        expectHarmlessAnswer(`${method} ${path}`, [`X-API-Key: ${target().apiKey}`, `Accept: ${accept}`]),
    ),
  ))

const LINES = [
  ...[
    "GET /auth/me",
    "GET /trpc/auth.me",
    "GET /trpc/auth.me?batch=1",
    "OPTIONS /auth/me",
    "GET /",
    "GET /assets/x",
  ],
  ...["HEAD /openapi.json", "POST /auth/refresh", "POST /trpc/auth.refresh", "POST /trpc/auth.login"],
]

test("so are any headers, among them X-Forwarded-For and Cookie", () =>
  hold(
    fc.asyncProperty(fc.constantFrom(...LINES), hostileHeaders(marker), (line, headers) =>
      expectHarmlessAnswer(line, headers, line.startsWith("POST") ? "{}" : undefined),
    ),
  ))

const json = JSON.stringify({ json: { email: `${marker}@b.example`, password: marker } })
const headers = ["Content-Type: application/json", `X-Marker: ${marker}`]

const SOUND = ["POST /auth/login", "POST /trpc/auth.login"].flatMap((line) => [
  Buffer.from(request(line, headers, json)),
  Buffer.from(
    request(
      line,
      [...headers, "Transfer-Encoding: chunked"],
      `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`,
    ),
  ),
])

test("so is a request that was damaged on its way, or its connection ends", () =>
  hold(
    fc.asyncProperty(fc.constantFrom(...SOUND), damage(), async (sound, damaged) => {
      using connection = openConnection(target().url)
      connection.write(damaged(sound))
      // There is no more to come, however much was promised.
      connection.end()
      const reply = await connection.read()
      if (reply) expectHarmless(reply, marker)
    }),
  ))
