import { describe, expect, test } from "vitest"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()

const get = (path: string, ...headers: string[]) =>
  target().send(request(`GET ${path}`, [`X-API-Key: ${target().apiKey}`, ...headers]))

/** Spellings of the server's paths, with the status that each must get. */
const SPELLINGS: [string, number][] = [
  ["/%61uth/me", 200],
  ["/auth/%6De", 200],
  ["/auth/./me", 200],
  ["/auth/apikeys/../me", 200],
  ["/auth/apikeys/%2e%2E/me", 200],
  ["/%74rpc/auth.me", 200],
  ["/trpc/auth%2Eme", 200],
  ["/trpc/%61uth%2e%6d%65", 200],
  ["/trpc/x/../auth.me", 200],
  ["http://localhost/auth/me", 200],
  ["http://169.254.169.254/auth/me", 200],
  ["/%2561uth/me", 404],
  ["/auth/%256De", 404],
  ["/auth%2Fme", 404],
  ["/auth%252Fme", 404],
  ["/auth/apikeys/..%2Fme", 403],
  ["/auth/apikeys/..%252Fme", 403],
  ["/auth/me/", 404],
  ["//auth/me", 404],
  ["/auth//me", 404],
  ["/AUTH/ME", 404],
  ["/auth/me;x=1", 404],
  ["/auth/me.json", 404],
  ["/auth/me%00", 404],
  ["/auth/me%20", 404],
  ["/auth/me%0d%0aX-Injected:1", 404],
  ["/auth/me%3Fx=1", 404],
  ["/auth/me%23", 404],
  ["/auth\\me", 400],
  ["/auth/\u00e9", 400],
  ["*", 400],
  ["auth/me", 400],
  ["file:///etc/passwd", 404],
  ["/trpc/auth%252Eme", 404],
  ["/trpc/auth.me%00", 404],
  ["/trpc/auth.me/", 404],
  ["/trpc/AUTH.ME", 404],
  ["/trpc/auth/me", 404],
  ["/trpc/auth..me", 404],
  ["/trpc/.auth.me", 404],
  ["/trpc/auth.me.", 404],
  ["/trpc/auth%2Cme", 404],
  ["/trpc/%ff", 400],
  ["/trpc/%E0%A4%A", 400],
  ["/trpc/%", 400],
  ["/auth/%ff", 404],
  ["/auth/%", 404],
  [`/${"a/".repeat(4000)}`, 404],
  [`/trpc/${"a.".repeat(4000)}`, 404],
  [`/auth/apikeys/${"x".repeat(8000)}`, 403],
]

test.each(SPELLINGS)("GET %s returns %i", async (path, status) => {
  const reply = await get(path)
  expect(reply?.status).toBe(status)
  if (!reply) return
  expectHarmless(reply, newMarker())
  // However the path is spelled, no cache may store the response.
  if (status === 200) expect(reply.headers.get("cache-control")).toBe("no-store")
})

/** Ids that no key or session has. */
const IDS = [
  ...[
    "%00",
    "%ff",
    "%",
    "%E0%A4%A",
    "%2e",
    "%2e%2e%2fx",
    "%252e%252e%252f",
    "a%2Fb",
    "a%5Cb",
    "%0d%0aX:1",
    "%20",
  ],
  ...[
    "'%20or%20'1'='1",
    "1;drop%20table%20users",
    "%24%7B7*7%7D",
    "__proto__",
    "constructor",
    "null",
    "undefined",
  ],
  ...[
    "00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-00000000000G",
    "NaN",
    "-1",
    "[object%20Object]",
  ],
]

test.each(IDS)("DELETE of the id %s finds nothing", async (id) => {
  const authorization = `Authorization: Bearer ${target().accessToken}`
  for (const path of ["/auth/apikeys", "/auth/sessions"]) {
    const marker = newMarker()
    for (const [text, statuses] of [
      [id, [404]],
      // Longer than any id.
      [`${id}${marker}${"x".repeat(100)}`, [400, 404]],
    ] as const) {
      const reply = await target().send(request(`DELETE ${path}/${text}`, [authorization]))
      expect(statuses).toContain(reply?.status)
      if (reply) expectHarmless(reply, marker)
    }
  }
})

describe("only the request line determines method and path", () => {
  const OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"]
  const encodeInput = (input: object) => encodeURIComponent(JSON.stringify({ json: input }))

  test.each(["/auth/password", "/auth/sessions/x", "/trpc/apiKeys.revoke", "/trpc/auth.logout"])(
    "%s can't be called by a GET, whatever its query and headers say",
    async (path) => {
      const overrides = OVERRIDES.map((name) => `${name}: ${path.startsWith("/trpc") ? "POST" : "DELETE"}`)
      for (const query of [
        "",
        "?_method=DELETE",
        "?_method=POST",
        `?input=${encodeInput({ id: "x" })}`,
        "?batch=1",
      ]) {
        expect(await get(path + query, ...overrides)).toMatchObject({ status: 405 })
      }
    },
  )

  test("headers do not change the path", async () => {
    const headers = ["X-Original-URL: /auth/me", "X-Rewrite-URL: /auth/me", "X-Forwarded-Prefix: /auth/me"]
    expect(await get("/nowhere", ...headers)).toMatchObject({ status: 404 })
  })

  test.each(["PUT", "PATCH", "POST", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "M-SEARCH", "SEARCH", "LINK"])(
    "%s is refused on routes that only support GET",
    async (method) => {
      for (const path of ["/auth/me", "/trpc/auth.me", "/healthz"]) {
        const headers = ["Content-Type: application/json", `X-API-Key: ${target().apiKey}`]
        const reply = await target().send(request(`${method} ${path}`, headers))
        expect(reply?.status).toBe(405)
        expect(reply?.headers.get("allow")).toMatch(/GET/)
      }
    },
  )

  test.each(["get", "FOO", "GET\t", "CONNECT", "TRACK", "__proto__"])(
    "%j is not a method",
    async (method) => {
      expect(await target().send(request(`${method} /auth/me`))).toMatchObject({ status: 400 })
    },
  )

  test("the response to a HEAD has no body", async () => {
    for (const [path, status] of [
      ["/auth/me", 200],
      ["/trpc/auth.me", 405],
      ["/nowhere", 404],
    ] as const) {
      const headers = [`X-API-Key: ${target().apiKey}`]
      expect(await target().send(request(`HEAD ${path}`, headers), { hasBody: false })).toMatchObject({
        status,
      })
    }
  })
})

test.each([
  ...[
    "/assets/..%2f..%2fpackage.json",
    "/assets/%2e%2e/%2e%2e/package.json",
    "/assets/....//....//package.json",
  ],
  ...[
    "/assets/..%5c..%5cpackage.json",
    "/assets/%00",
    "/assets/x%00.js",
    "/assets/%ff",
    "/assets/%",
    "/assets/",
  ],
  ...["/assets/%252e%252e%252fpackage.json", "/assets//etc/passwd", "/assets/.git/config", "/favicon.svg%00"],
  ...[
    "/assets/__proto__",
    "/assets/constructor",
    `/assets/${"x".repeat(5000)}`,
    "/assets/C:%5cwindows%5cwin.ini",
  ],
])("%s serves no file from outside the dashboard", async (path) => {
  const reply = await get(path)
  expect([400, 404]).toContain(reply?.status)
  const page = await get(path, "Accept: text/html")
  expect(page?.status).toBeLessThan(500)
  expect(page?.body).not.toMatch(/"dependencies"|root:/)
})
