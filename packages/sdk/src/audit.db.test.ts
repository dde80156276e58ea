import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { PASSWORD, register, startServerOnPostgres } from "../test/startServer.ts"
import { createLatchkey } from "./createLatchkey.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})
afterAll(() => server[Symbol.asyncDispose]())

test("the audit log can be read by page, in full, or filtered by kind", async () => {
  const baseUrl = server.url
  const { user, accessToken } = await register(baseUrl)
  const { auth } = createLatchkey({ baseUrl })
  const wrong = { email: user.email, password: "not the password" }
  await expect(auth.login(wrong)).rejects.toMatchObject({ reason: "LOGIN_FAILED" })
  await auth.login({ email: user.email, password: PASSWORD })
  const latchkey = createLatchkey({ baseUrl, accessToken })
  const { id, label, key } = await latchkey.apiKeys.create({ label: "nightly import" })

  const page = await latchkey.audit.list({ limit: 1 })
  const kinds = []
  for await (const { kind } of latchkey.audit.list({ limit: 1 })) kinds.push(kind)

  expect(page).toMatchObject({ items: [{ kind: "apiKeyCreated", subject: { id, label } }] })
  expect(page.items[0]?.createdAt).toBeInstanceOf(Date)
  expect(kinds).toEqual(["apiKeyCreated", "loggedIn", "loginFailed", "registered"])
  const failed = await latchkey.audit.list({ kind: "loginFailed" })
  expect(failed).toMatchObject({ items: [{ count: 1 }], nextCursor: null })
  await expect(createLatchkey({ baseUrl, apiKey: key }).audit.list()).rejects.toMatchObject({
    reason: "FORBIDDEN",
  })
})

test("the audit log of one key begins with its creation, even if that replaced another key", async () => {
  const baseUrl = server.url
  const { accessToken } = await register(baseUrl)
  const latchkey = createLatchkey({ baseUrl, accessToken })
  const { id } = await latchkey.apiKeys.create({ label: "nightly import" })
  await latchkey.apiKeys.create({ label: "another" })
  const successor = await latchkey.apiKeys.rotate(id)
  await latchkey.apiKeys.update(successor.id, { label: "hourly import" })

  const kindsOf = async (apiKeyId: string) =>
    (await latchkey.audit.list({ apiKeyId })).items.map(({ kind }) => kind)
  expect(await kindsOf(id)).toEqual(["apiKeyRotated", "apiKeyCreated"])
  expect(await kindsOf(successor.id)).toEqual(["apiKeyUpdated", "apiKeyRotated"])
  expect(await kindsOf("no-such-key")).toEqual([])
  const { accessToken: others } = await register(baseUrl)
  const { items } = await createLatchkey({ baseUrl, accessToken: others }).audit.list({ apiKeyId: id })
  expect(items).toEqual([])
})
