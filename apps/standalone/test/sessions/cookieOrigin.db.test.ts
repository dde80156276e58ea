import { expect, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { rest } from "../testServer.ts"
import { forbidden, setCookieHeader, useCookieSessions } from "./useCookieSessions.ts"

const { isSignedIn, refresh, server, signUp } = useCookieSessions()

/** Refreshes with this Host, as a proxy would forward it. `fetch` can't set the header. */
async function refreshAt(host: string, { origin, cookie }: { origin: string; cookie: string }) {
  using connection = openConnection(server().url)
  const headers = [`Host: ${host}`, `Origin: ${origin}`, `Cookie: ${cookie}`, "Content-Length: 0"]
  connection.write(request("POST /auth/refresh", headers))
  return (await connection.read())?.status
}

test.each([
  ["no origin", {}],
  ["an origin of another site", { origin: "https://evil.example" }],
  ["an origin that CORS allows", { origin: "https://app.example" }],
  ["an origin with another port", { origin: "http://localhost:1" }],
  ["the origin null", { origin: "null" }],
  ["an origin that is not a URL", { origin: "localhost" }],
])("%s can't start, use or end a session by cookie", async (_, headers) => {
  const { body, cookie, accessToken } = await signUp()

  const attempts = [
    rest(server().url, "POST", "/auth/login", { body, headers }),
    rest(server().url, "POST", "/auth/register", { body: { ...body, email: `x${body.email}` }, headers }),
    refresh(cookie, headers),
    rest(server().url, "POST", "/auth/logout", { headers: { ...headers, cookie } }),
  ]

  for (const reply of await Promise.all(attempts)) {
    expect(reply).toMatchObject(forbidden)
    expect(setCookieHeader(reply)).toBe("")
  }
  expect(await isSignedIn(accessToken)).toBe(true)
  expect(await refresh(cookie)).toMatchObject({ status: 200 })
})

test.each([
  ["https://app.example.com", "app.example.com:443"],
  ["http://app.example.com", "app.example.com:80"],
  ["https://app.example.com", "App.Example.COM"],
  ["https://app.example.com:8443", "app.example.com:8443"],
  ["http://[::1]:3000", "[::1]:3000"],
  ["http://[2001:db8::a]", "[2001:DB8::A]:80"],
])("a page at %s is same-origin when a proxy sends Host: %s", async (origin, host) => {
  const { cookie } = await signUp()
  expect(await refreshAt(host, { origin, cookie })).toBe(200)
})

test.each([
  ["https://app.example.com", "app.example.com:80"],
  ["http://app.example.com", "app.example.com:443"],
  ["https://app.example.com", "app.example.com:8443"],
  ["https://app.example.com", "app.example.com.evil.example"],
  ["https://app.example.com", "evil.example"],
  ["https://app.example.com.", "app.example.com"],
  ["chrome-extension://abcdef", "abcdef"],
  ["tauri://localhost", "localhost"],
])("a page at %s is cross-origin when the request has Host: %s", async (origin, host) => {
  const { cookie } = await signUp()
  expect(await refreshAt(host, { origin, cookie })).toBe(403)
})

test("a matching Origin is refused when Sec-Fetch-Site is not same-origin", async () => {
  const { cookie } = await signUp()
  expect(await refresh(cookie, { origin: server().url, "sec-fetch-site": "same-site" })).toMatchObject(
    forbidden,
  )
})
