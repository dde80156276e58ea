import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { PASSWORD, register, startServerOnPostgres } from "../test/startServer.ts"
import { createLatchkey } from "./createLatchkey.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})
afterAll(() => server[Symbol.asyncDispose]())

test("a user lists their sessions and revokes them", async () => {
  const baseUrl = server.url
  const { user, accessToken } = await register(baseUrl)
  const signIn = () => createLatchkey({ baseUrl }).auth.login({ email: user.email, password: PASSWORD })
  const [second] = [await signIn(), await signIn()]
  const latchkey = createLatchkey({ baseUrl, accessToken })

  const { items } = await latchkey.sessions.list()
  expect(items.map(({ current }) => current)).toEqual([true, false, false])
  expect(items[0]?.lastUsedAt).toBeInstanceOf(Date)

  await latchkey.sessions.revoke(items[1]?.id ?? "")
  await expect(latchkey.sessions.revoke(items[1]?.id ?? "")).rejects.toMatchObject({ reason: "NOT_FOUND" })
  await latchkey.sessions.revokeOthers()

  expect((await latchkey.sessions.list()).items).toHaveLength(1)
  const ended = createLatchkey({ baseUrl, accessToken: second.accessToken }).auth.me()
  await expect(ended).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
})

test("cookie sessions are only for the server's own pages", async () => {
  const { user } = await register(server.url)
  const { auth } = createLatchkey({ baseUrl: server.url })
  const forbidden = { reason: "FORBIDDEN", status: 403 }
  const input = { email: user.email, password: PASSWORD, session: "cookie" } as const

  await expect(auth.login(input)).rejects.toMatchObject(forbidden)
  await expect(auth.register(input)).rejects.toMatchObject(forbidden)
  await expect(auth.refresh()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
})
