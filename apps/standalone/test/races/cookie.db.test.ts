import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { rest } from "../testServer.ts"
import { startTwo } from "./startTwo.ts"

const readCookie = ({ headers }: { headers: Headers }) => headers.getSetCookie().join().split(";", 1)[0] ?? ""

const ownPage = (url: string) => ({ origin: url, "sec-fetch-site": "same-origin" })

const refresh = (url: string, cookie: string) =>
  rest(url, "POST", "/auth/refresh", { headers: { ...ownPage(url), cookie } })

/**
 * Reloading a page aborts its request, but the server may still run it. Behind a load balancer, or while a connection
 * to the database is opened, it may run after the requests of the next two pages.
 */
test("a reloaded page's refresh that is overtaken by those of the next pages does not end the session", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const credentials = { email: `${randomUUID()}@company.tld`, password: randomUUID(), session: "cookie" }
  const signedUp = await rest(two.a, "POST", "/auth/register", { body: credentials, headers: ownPage(two.a) })
  const sql = connect(two.databaseUrl)
  await sql`update sessions set refreshed_at = now() - interval '1 hour'`
  await sql.end()

  const hasSent = two.proxy.hold("server")
  const overtaken = refresh(two.b, readCookie(signedUp))
  await hasSent
  const second = await refresh(two.a, readCookie(signedUp))
  const third = await refresh(two.a, readCookie(second))
  two.proxy.release()

  expect([second.status, third.status]).toEqual([200, 200])
  expect((await overtaken).status).toBe(200)
  expect(await refresh(two.b, readCookie(third))).toMatchObject({ status: 200 })
  const { accessToken } = third.body
  expect((await rest(two.a, "GET", "/auth/me", { accessToken })).status).toBe(200)
})
