import { expect, inject, test } from "vitest"
import { rest, startServerOnPostgres } from "../testServer.ts"

const proxyWarnings = (log: readonly string[]) =>
  log.filter((line) => JSON.parse(line).level === 40 && line.includes("TRUST_PROXY"))

test.each([
  ["X-Forwarded-For", "192.0.2.7"],
  ["Forwarded", "for=192.0.2.7"],
])("%s while no proxy is trusted: one warning that names TRUST_PROXY", async (name, value) => {
  await using server = await startServerOnPostgres(inject("postgresUrl"))
  await rest(server.url, "GET", "/healthz")
  expect(proxyWarnings(server.log)).toEqual([])

  const headers = { [name]: value }
  for (const path of ["/healthz", "/auth/me", "/trpc/auth.me"])
    await rest(server.url, "GET", path, { headers })

  const [warning, ...others] = proxyWarnings(server.log)
  expect(others).toEqual([])
  expect(warning).toContain(name)
  expect(warning).not.toContain("192.0.2.7")
})

test("X-Forwarded-For from a trusted proxy causes no warning", async () => {
  await using server = await startServerOnPostgres(inject("postgresUrl"), { TRUST_PROXY: "1" })
  await rest(server.url, "GET", "/auth/me", { headers: { "x-forwarded-for": "192.0.2.7" } })
  expect(proxyWarnings(server.log)).toEqual([])
})
