import { randomBytes } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres } from "../testServer.ts"

/** More than may wait for a place. */
const CALLS = 1_200

test("a stranger with all addresses of an IPv6 /48 does not keep others from their keys", async () => {
  await using server = await startServerOnPostgres(inject("postgresUrl"), { TRUST_PROXY: "1" })
  const { accessToken } = await register(server.url)
  const sql = connect(server.shared.DATABASE_URL)
  const refreshFrom = (address: string) =>
    rest(server.url, "POST", "/auth/refresh", {
      headers: { "x-forwarded-for": address },
      body: { refreshToken: randomBytes(64).toString("base64url") },
    })
  let refused = 0

  const [flood, others] = await sql.begin(async (tx) => {
    // The calls of the flood wait here, as they would for each other if there were more of them.
    await tx`lock table rate_limits in access exclusive mode`
    const flood = Array.from({ length: CALLS }, async (_, number) => {
      const { status } = await refreshFrom(`2001:db8:2:${number.toString(16)}::1`)
      if (status === 503) refused++
    })
    await expect.poll(() => refused, { timeout: 60_000 }).toBeGreaterThan(0)
    const others = []
    for (let n = 0; n < 5; n++)
      others.push((await rest(server.url, "GET", "/auth/apikeys", { accessToken })).status)
    return [flood, others] as const
  })

  await Promise.all(flood)
  await sql.end()
  expect(others).toEqual(Array(5).fill(200))
})
