import fc from "fast-check"
import { test } from "vitest"
import { newSecret } from "../testServer.ts"
import { damage, hostileBackendCalls, hostileHeaders, hostileTargets, METHODS } from "./hostileRequests.ts"
import { openConnection } from "./rawConnection.ts"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const bootstrap = newSecret()
const target = useTarget({
  TRUST_PROXY: "2",
  CORS_ORIGINS: "https://app.example",
  BOOTSTRAP_KEY: bootstrap,
})
const marker = newMarker()

async function assertProperty<Ts extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<Ts>) {
  await fc.assert(property, { numRuns: 250 })
  await target().expectUnharmed()
}

async function expectHarmlessResponse(line: string, headers: string[], body?: string) {
  const reply = await target().send(request(line, headers, body), { hasBody: !line.startsWith("HEAD") })
  if (!reply) throw new Error("no response")
  expectHarmless(reply, marker)
}

test("no request target causes a server error or is repeated in the response", () =>
  assertProperty(
    fc.asyncProperty(
      fc.constantFrom(...METHODS),
      hostileTargets(marker),
      fc.constantFrom("text/html", "*/*"),
      (method, path, accept) =>
        expectHarmlessResponse(`${method} ${path}`, [`X-API-Key: ${target().apiKey}`, `Accept: ${accept}`]),
    ),
  ))

const REQUEST_LINES = [
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

test("no headers, including X-Forwarded-For and Cookie, cause a server error or are repeated in the response", () =>
  assertProperty(
    fc.asyncProperty(fc.constantFrom(...REQUEST_LINES), hostileHeaders(marker), (line, headers) =>
      expectHarmlessResponse(line, headers, line.startsWith("POST") ? "{}" : undefined),
    ),
  ))

const BACKEND_LINES = [
  "GET /auth/verify",
  "GET /auth/verify?deny=403",
  "HEAD /auth/verify",
  "GET /auth/apikeys",
]

test("no owner, actor or credential of a backend or reverse proxy causes a server error or is repeated", () =>
  assertProperty(
    fc.asyncProperty(
      fc.constantFrom(...BACKEND_LINES, "POST /oauth/introspect"),
      fc.boolean(),
      hostileBackendCalls(marker),
      (line, isManager, { headers, form }) => {
        const isForm = line.startsWith("POST")
        return expectHarmlessResponse(
          line,
          [
            ...headers,
            ...(isManager ? [`X-API-Key: ${bootstrap}`] : []),
            ...(isForm ? ["Content-Type: application/x-www-form-urlencoded"] : []),
          ],
          isForm ? form : undefined,
        )
      },
    ),
  ))

const json = JSON.stringify({ json: { email: `${marker}@b.example`, password: marker } })
const headers = ["Content-Type: application/json", `X-Marker: ${marker}`]

const VALID_REQUESTS = ["POST /auth/login", "POST /trpc/auth.login"].flatMap((line) => [
  Buffer.from(request(line, headers, json)),
  Buffer.from(
    request(
      line,
      [...headers, "Transfer-Encoding: chunked"],
      `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`,
    ),
  ),
])

test("a damaged request gets no server error and is not repeated, or its connection ends without a response", () =>
  assertProperty(
    fc.asyncProperty(fc.constantFrom(...VALID_REQUESTS), damage(), async (valid, applyDamage) => {
      using connection = openConnection(target().url)
      connection.write(applyDamage(valid))
      // The request ends here, whatever length it declares.
      connection.end()
      const reply = await connection.read()
      if (reply) expectHarmless(reply, marker)
    }),
  ))
