import { eventually } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { registerWithKey, rest } from "../testServer.ts"
import { createRestorable } from "./restorable.ts"

const keyStatus = async (url: string, { apiKey }: { apiKey: string }) =>
  (await rest(url, "GET", "/auth/me", { apiKey })).status
const revoke = (url: string, { id, accessToken }: { id: string; accessToken: string }) =>
  rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })

test("with leases: an answered revocation is in the log, and no instance answers from memory", async () => {
  await using restorable = await createRestorable(inject("postgresUrl"))
  const variables = { VERIFY_LEASE: "3" }
  const first = await restorable.start(variables)
  const [one, two, kept] = [
    await registerWithKey(first.url),
    await registerWithKey(first.url),
    await registerWithKey(first.url),
  ]
  await first[Symbol.asyncDispose]()
  const backup = await restorable.backUp()
  const servers = [await restorable.start(variables), await restorable.start(variables)] as const
  const statuses = (user: typeof one) => Promise.all(servers.map(({ url }) => keyStatus(url, user)))
  await eventually(async () => {
    for (const user of [one, two, kept]) expect(await statuses(user)).toEqual([200, 200])
  })
  expect((await revoke(servers[0].url, one)).status).toBe(204)
  expect(await statuses(one)).toEqual([401, 401])
  expect((await restorable.readLines()).join("\n")).toContain(one.id)

  // The other instances are waited for, whether the log can be written or not.
  await restorable.block()
  expect(await revoke(servers[1].url, two)).toMatchObject({ status: 503, body: { begun: true } })
  await eventually(async () => expect(await statuses(two)).toEqual([401, 401]))
  expect(await statuses(kept)).toEqual([200, 200])
  await restorable.unblock()
  await eventually(async () => expect((await revoke(servers[1].url, two)).status).toBe(404))
  for (const server of servers) await server[Symbol.asyncDispose]()

  await using restored = await restorable.start({ ...variables, DATABASE_URL: backup })
  const found = [one, two, kept].map((user) => keyStatus(restored.url, user))
  expect(await Promise.all(found)).toEqual([401, 401, 200])
})
