import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let url: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  url = server.url
})
afterAll(() => server[Symbol.asyncDispose]())

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"

async function signIn({ email, password }: { email: string; password: string }, userAgent: string) {
  const headers = { "user-agent": userAgent }
  const { body } = await rest(url, "POST", "/auth/login", { body: { email, password }, headers })
  return body.accessToken as string
}

const list = async (accessToken: string) =>
  (await rest(url, "GET", "/auth/sessions", { accessToken })).body.items

test("a user's active sessions are listed with their devices, the current one first", async () => {
  const ada = await register(url)
  const firefox = await signIn(ada, FIREFOX)
  await signIn(ada, "<b>unknown</b>")
  await register(url)

  const sessions = await list(firefox)

  expect(sessions).toMatchObject([
    { device: "Firefox on Linux", current: true },
    { device: null, current: false },
    { device: "Node.js", current: false },
  ])
  for (const { lastUsedAt, createdAt } of sessions) {
    expect(Date.parse(lastUsedAt)).toBeGreaterThanOrEqual(Date.parse(createdAt))
  }
  expect(Object.keys(sessions[0]).sort()).toEqual([
    ...["address", "createdAt", "current", "device", "id", "lastUsedAt"],
  ])
  expect(sessions[0].address).toBe("127.0.0.1")
})

test("ending a session takes effect immediately; another user's session or an ended one is not found", async () => {
  const [ada, bob] = [await register(url), await register(url)]
  const firefox = await signIn(ada, FIREFOX)
  const [{ id }] = await list(firefox)
  const end = (accessToken: string, sessionId: string) =>
    rest(url, "DELETE", `/auth/sessions/${sessionId}`, { accessToken })

  expect(await end(bob.accessToken, id)).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
  expect(await end(ada.accessToken, "x")).toMatchObject({ status: 404 })
  expect((await rest(url, "GET", "/auth/me", { accessToken: firefox })).status).toBe(200)

  expect((await end(ada.accessToken, id)).status).toBe(204)

  expect((await rest(url, "GET", "/auth/me", { accessToken: firefox })).status).toBe(401)
  expect((await end(ada.accessToken, id)).status).toBe(404)
})

test("signing out everywhere else ends the user's other sessions and no other user's", async () => {
  const [ada, bob] = [await register(url), await register(url)]
  const firefox = await signIn(ada, FIREFOX)

  const reply = await rest(url, "DELETE", "/auth/sessions", { accessToken: firefox })

  expect(reply.status).toBe(204)
  expect(await list(firefox)).toHaveLength(1)
  expect((await rest(url, "GET", "/auth/me", { accessToken: ada.accessToken })).status).toBe(401)
  expect(await list(bob.accessToken)).toHaveLength(1)
})

test("an API key can neither list nor end sessions", async () => {
  const { accessToken } = await register(url)
  const { body } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
  for (const [method, path] of [
    ["GET", "/auth/sessions"],
    ["DELETE", "/auth/sessions"],
    ["DELETE", "/auth/sessions/x"],
  ] as const) {
    expect(await rest(url, method, path, { apiKey: body.key })).toMatchObject({ status: 403 })
  }
})

test("keys can be listed with revoked ones, and searched by label without wildcards", async () => {
  const { accessToken } = await register(url)
  const ids = []
  for (const label of ["100% of it", "Nightly import", "nightly export"]) {
    const { body } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label } })
    ids.unshift(body.id)
  }
  await rest(url, "DELETE", `/auth/apikeys/${ids[0]}`, { accessToken })
  const labels = async (query: string) =>
    (await rest(url, "GET", `/auth/apikeys?${query}`, { accessToken })).body.items.map(
      ({ label, revokedAt }: { label: string; revokedAt: string | null }) =>
        revokedAt === null ? label : `${label} (revoked)`,
    )

  expect(await labels("")).toEqual(["Nightly import", "100% of it"])
  expect(await labels("status=all")).toEqual(["nightly export (revoked)", "Nightly import", "100% of it"])
  expect(await labels("status=all&search=NIGHTLY")).toEqual(["nightly export (revoked)", "Nightly import"])
  expect(await labels("search=%25")).toEqual(["100% of it"])
  expect(await labels("search=_")).toEqual([])
})
