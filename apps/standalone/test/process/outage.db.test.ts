import { createTcpProxy, eventually } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"

test.each(["disconnect", "mute"] as const)(
  "while the database is unreachable (%s), every call gets a 503, and afterwards the server recovers by itself",
  async (fault) => {
    await using direct = await startServerOnPostgres(inject("postgresUrl"))
    const proxy = await createTcpProxy(new URL(direct.shared.DATABASE_URL))
    await using server = await startTestServer({ ...direct.shared, DATABASE_URL: proxy.url })
    const { url } = server
    const { accessToken, refreshToken, email, password } = await register(url)
    const { body: created } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
    const apiKey = created.key
    const calls = (signal = AbortSignal.timeout(20_000)) => [
      rest(url, "GET", "/auth/me", { apiKey, signal }),
      rest(url, "GET", "/auth/me", { accessToken, signal }),
      rest(url, "GET", "/auth/apikeys", { apiKey, signal }),
      rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "y" }, signal }),
      rest(url, "DELETE", `/auth/apikeys/${created.id}`, { accessToken }),
      rest(url, "POST", "/auth/login", { body: { email, password }, signal }),
      rest(url, "POST", "/auth/refresh", { body: { refreshToken }, signal }),
      rest(url, "POST", "/auth/register", { body: { email: `x${email}`, password }, signal }),
    ]

    await proxy[fault]()

    for (const reply of await Promise.all(calls())) {
      expect(reply).toMatchObject({
        status: 503,
        body: { code: "SERVICE_UNAVAILABLE", reason: "UNAVAILABLE" },
      })
      expect(reply.headers.get("retry-after")).toBe("1")
    }
    expect((await rest(url, "GET", "/readyz")).status).toBe(503)
    expect((await rest(url, "GET", "/healthz")).status).toBe(200)

    await proxy.reconnect()

    await eventually(async () => expect((await rest(url, "GET", "/readyz")).status).toBe(200))
    expect((await rest(url, "GET", "/auth/me", { apiKey })).status).toBe(200)
    expect((await rest(url, "GET", "/auth/me", { accessToken })).status).toBe(200)
    expect((await rest(url, "POST", "/auth/login", { body: { email, password } })).status).toBe(200)
    await proxy.disconnect()
  },
  180_000,
)
