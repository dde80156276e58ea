import { expect, inject, test } from "vitest"
import { newKey, rest, startLatchkey } from "../test/startLatchkey.ts"

const serverUrl = inject("postgresUrl")

test("a key is accepted until it is revoked", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, id, subject, revoke } = await newKey(latchkey)

  const verdict = await latchkey.authenticate({ "x-api-key": key })
  expect(verdict).toMatchObject({ ok: true, caller: { subject, via: "apiKey", apiKeyId: id } })

  expect((await revoke()).status).toBe(204)
  const refused = await latchkey.authenticate(new Headers({ "x-api-key": key }))
  if (refused.ok) throw new Error("accepted")
  expect(refused).toMatchObject({ status: 401, reason: "UNAUTHENTICATED" })
  const response = refused.toResponse()
  expect(response.status).toBe(401)
  expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/)
  expect(JSON.stringify(await response.json())).not.toContain(refused.cause)
})

test("everything is under the base path, and nothing outside it", async () => {
  await using started = await startLatchkey(serverUrl, { basePath: "/api/keys" })
  const { latchkey } = started
  const { accessToken } = await newKey(latchkey)
  const headers = { authorization: `Bearer ${accessToken}`, "content-type": "application/json" }
  const fetch = (path: string, init?: RequestInit) =>
    latchkey.fetch(new Request(`http://localhost${path}`, init))

  expect((await fetch("/api/keys/auth/me", { headers })).status).toBe(200)
  expect((await fetch("/api/keys/trpc/auth.me", { headers })).status).toBe(200)
  // This goes through tRPC's own adapter.
  const streamed = await fetch("/api/keys/trpc/auth.me?batch=1", {
    headers: { ...headers, "trpc-accept": "application/jsonl" },
  })
  expect(streamed.status).toBe(200)
  await streamed.text()
  for (const path of ["/auth/me", "/trpc/auth.me", "/api/keysauth/me", "/api/keys2/auth/me", "/"]) {
    expect((await fetch(path, { headers: { ...headers, accept: "text/html" } })).status, path).toBe(404)
  }
  const document = await rest(latchkey, "GET", "/openapi.json")
  expect(document.body.servers).toEqual([{ url: "/api/keys" }])
  expect(document.headers.get("strict-transport-security")).toBeNull()
})

test("the dashboard's page refers to its files under the base path", async ({ skip }) => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const page = await latchkey.fetch(
    new Request("http://localhost/latchkey/keys", { headers: { accept: "text/html" } }),
  )
  if (page.status === 404) skip("the dashboard has not been built")
  const html = await page.text()
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "")
  expect(files.length).toBeGreaterThan(1)
  for (const path of files) {
    expect(path).toMatch(/^\/latchkey\//)
    const file = await latchkey.fetch(new Request(`http://localhost${path}`))
    expect(file.status, path).toBe(200)
    await file.arrayBuffer()
  }
})

test("without a database there is no verdict, and there is one once it is back", async () => {
  await using started = await startLatchkey(serverUrl, {
    databaseUrl: "postgres://nobody:secret-of-the-database@127.0.0.1:1/nothing",
  })
  const { latchkey } = started
  const verdict = await latchkey.authenticate({ "x-api-key": "0".repeat(64) })
  expect(verdict).toMatchObject({ ok: false, status: 503, reason: "UNAVAILABLE", cause: "unavailable" })
  const { status, body } = await rest(latchkey, "GET", "/auth/me")
  expect(status).toBe(503)
  expect(JSON.stringify([body, verdict.headers])).not.toContain("secret-of-the-database")
})

test("instances in one process are independent, and closed ones give no verdict", async () => {
  await using first = await startLatchkey(serverUrl)
  await using second = await startLatchkey(serverUrl)
  const { key } = await newKey(first.latchkey)
  expect(await second.latchkey.authenticate({ "x-api-key": key })).toMatchObject({ status: 401 })
  await second.latchkey.close()
  expect(await first.latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  expect(await second.latchkey.authenticate({ "x-api-key": key })).toMatchObject({ status: 503 })
})
