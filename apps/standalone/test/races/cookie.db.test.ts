import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { rest } from "../testServer.ts"
import { startTwo } from "./startTwo.ts"

const cookieOf = ({ headers }: { headers: Headers }) => headers.getSetCookie().join().split(";", 1)[0] ?? ""

const ownPage = (url: string) => ({ origin: url, "sec-fetch-site": "same-origin" })

const refresh = (url: string, cookie: string) =>
  rest(url, "POST", "/auth/refresh", { headers: { ...ownPage(url), cookie } })

/**
 * A page that is reloaded breaks off its request, and nobody calls back what is on its way. Behind a balancer, or
 * on a connection to the database that has to be made first, it may come in after those of the next two pages.
 */
test("a reloaded page's request that is overtaken by those of the next pages ends nothing", async () => {
  await using two = await startTwo(inject("postgresUrl"))
  const credentials = { email: `${randomUUID()}@company.tld`, password: randomUUID(), session: "cookie" }
  const signedUp = await rest(two.a, "POST", "/auth/register", { body: credentials, headers: ownPage(two.a) })
  const sql = connect(two.databaseUrl)
  await sql`update sessions set refreshed_at = now() - interval '1 hour'`
  await sql.end()

  const isUnderWay = two.link.hold("server")
  const overtaken = refresh(two.b, cookieOf(signedUp))
  await isUnderWay
  const second = await refresh(two.a, cookieOf(signedUp))
  const third = await refresh(two.a, cookieOf(second))
  two.link.release()

  expect([second.status, third.status]).toEqual([200, 200])
  expect((await overtaken).status).toBe(200)
  expect(await refresh(two.b, cookieOf(third))).toMatchObject({ status: 200 })
  const { accessToken } = third.body
  expect((await rest(two.a, "GET", "/auth/me", { accessToken })).status).toBe(200)
})
