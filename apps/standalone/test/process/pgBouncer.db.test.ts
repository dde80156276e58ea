import { eventually, runsPgBouncerTests } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { register, rest, startServerOnPgBouncer, startTestServer } from "../testServer.ts"

test.runIf(runsPgBouncerTests())(
  "two instances behind PgBouncer give no wrong verdict to concurrent calls, nor while it restarts",
  async () => {
    await using a = await startServerOnPgBouncer(inject("postgresUrl"))
    await using b = await startTestServer(a.shared)
    const { accessToken } = await register(a.url)
    const created = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        rest(a.url, "POST", "/auth/apikeys", { accessToken, body: { label: `${index}` } }),
      ),
    )
    expect(created.map(({ status }) => status)).toEqual(Array(20).fill(201))
    const keys: { id: string; key: string }[] = created.map(({ body }) => body)
    const revoked = keys.filter((_, index) => index % 2 === 0)
    await Promise.all(revoked.map(({ id }) => rest(a.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })))
    const verdicts = keys.map((key) => (revoked.includes(key) ? 401 : 200))
    const statuses = () =>
      Promise.all(
        keys.flatMap(({ key }) =>
          [a, b].map(async ({ url }) => (await rest(url, "GET", "/auth/me", { apiKey: key })).status),
        ),
      )
    const expected = verdicts.flatMap((status) => [status, status])

    for (let round = 0; round < 10; round++) expect(await statuses()).toEqual(expected)

    await a.pgBouncer.stop()
    expect(await statuses()).toEqual(Array(40).fill(503))
    expect((await rest(a.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })).status).toBe(
      503,
    )
    await a.pgBouncer.start()
    await eventually(async () => expect(await statuses()).toEqual(expected))
    expect((await rest(b.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })).status).toBe(
      201,
    )
  },
  180_000,
)
