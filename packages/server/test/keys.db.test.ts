import { initTRPC, type TRPCError } from "@trpc/server"
import { expect, test } from "vitest"
import { createTestLatchkey } from "../src/testing.ts"
import type { LatchkeyContext } from "../src/types.ts"

const latchkey = createTestLatchkey({ scopes: ["reports:read"], maxKeyLifetimeDays: 30 })
const { apiKeys } = latchkey.as({ subject: "org_42" }, { actor: "user_7" })

const authenticate = (key: string, address?: string) =>
  latchkey.authenticate({ "x-api-key": key }, { ...(address !== undefined && { address }) })

test("a key for some addresses is accepted if the host says that the client has one of them", async () => {
  const { id, key, locked } = await apiKeys.create({ label: "x", allowedIps: ["203.0.113.0/24"] })
  expect(locked).toBe(true)
  expect(await authenticate(key, "203.0.113.9")).toMatchObject({ ok: true, caller: { subject: "org_42" } })
  expect(await authenticate(key, "::ffff:203.0.113.9")).toMatchObject({ ok: true })
  // The host has found the address. What else the headers say is not Latchkey's to judge.
  const headers = { "x-api-key": key, "x-forwarded-for": "198.51.100.1" }
  expect(await latchkey.authenticate(headers, { address: "203.0.113.9" })).toMatchObject({ ok: true })

  const unknown = await authenticate("0".repeat(64))
  for (const address of [undefined, "198.51.100.1", "not an address"]) {
    const refused = await authenticate(key, address)
    expect(refused).toMatchObject({ ok: false, status: 401, cause: "address", apiKeyId: id })
    if (refused.ok || unknown.ok) throw new TypeError("accepted")
    const withoutId = ({ requestId: _, ...body }: typeof refused.body) => body
    expect(withoutId(refused.body)).toEqual(withoutId(unknown.body))
  }
  await apiKeys.update(id, { allowedIps: null })
  expect(await authenticate(key)).toMatchObject({ ok: true })
})

test("a disabled key is rejected until it is enabled, including by fetch and requires", async () => {
  const t = initTRPC.context<LatchkeyContext>().create()
  const appRouter = t.router({
    whoami: t.procedure.concat(latchkey.requires()).query(({ ctx }) => ctx.caller.subject),
  })
  const { id, key } = await apiKeys.create({ label: "x" })
  const headers = { "x-api-key": key }
  const whoami = () =>
    appRouter
      .createCaller({ ...latchkey.createContext({ headers }) })
      .whoami()
      .catch((error: TRPCError) => error.code)
  const me = async () =>
    (await latchkey.fetch(new Request("http://localhost/latchkey/auth/me", { headers }))).status
  expect([await whoami(), await me()]).toEqual(["org_42", 200])

  await apiKeys.update(id, { disabled: true })
  expect([await whoami(), await me()]).toEqual(["UNAUTHORIZED", 401])
  expect(await authenticate(key)).toMatchObject({ ok: false, status: 401, cause: "disabled", apiKeyId: id })
  expect((await apiKeys.list()).items[0]).toMatchObject({ id, disabled: true })

  await apiKeys.update(id, { disabled: false })
  expect([await whoami(), await me()]).toEqual(["org_42", 200])
})

test("the metadata that the host stores with a key is in its verdicts", async () => {
  const { id, key } = await apiKeys.create({ label: "x", metadata: { plan: "free" }, lock: true })
  expect(await authenticate(key)).toMatchObject({ ok: true, caller: { metadata: { plan: "free" } } })
  await apiKeys.update(id, { metadata: { plan: "paid", seats: "5" } })
  expect(await authenticate(key)).toMatchObject({
    ok: true,
    caller: { metadata: { plan: "paid", seats: "5" } },
  })
  expect(await apiKeys.get(id)).toMatchObject({ locked: true, metadata: { plan: "paid", seats: "5" } })
  await apiKeys.update(id, { metadata: null })
  const verdict = await authenticate(key)
  expect(verdict.ok && "metadata" in verdict.caller).toBe(false)
})

test("the host replaces a key, and accepts the old one for the grace period", async () => {
  const old = await apiKeys.create({ label: "x", scopes: ["reports:read"], metadata: { plan: "free" } })
  const created = await apiKeys.rotate(old.id)
  expect(created).toMatchObject({ scopes: ["reports:read"], metadata: { plan: "free" }, locked: true })
  expect(created).toMatchObject({ replaces: old.id, createdBy: "user_7", expiresAt: old.expiresAt })
  for (const { key, id } of [old, created]) {
    expect(await authenticate(key)).toMatchObject({ ok: true, caller: { apiKeyId: id } })
  }
  await expect(apiKeys.rotate(old.id)).rejects.toMatchObject({ reason: "ALREADY_REPLACED" })

  const last = await apiKeys.rotate(created.id, { grace: 0 })
  for (const { key } of [old, created]) expect(await authenticate(key)).toMatchObject({ status: 401 })
  expect(await authenticate(last.key)).toMatchObject({ ok: true })
  expect((await apiKeys.list({ status: "all" })).items.slice(0, 3)).toMatchObject([
    { id: last.id, replaces: created.id, replacedBy: null },
    { id: created.id, replaces: old.id, replacedBy: last.id },
    { id: old.id, replacedBy: created.id },
  ])
})

test.each([
  [{ metadata: { plan: "x".repeat(2_045) } }, "metadata"],
  [{ metadata: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`n${i}`, ""])) }, "metadata"],
  [{ metadata: { plan: "\0" } }, "metadata"],
  [{ metadata: { plan: 5 } as never }, "metadata.plan"],
  [{ allowedIps: [] }, "allowedIps"],
  [{ rateLimit: { limit: 0, window: 60 } }, "rateLimit.limit"],
  [{ rateLimit: { limit: 1, window: 86_401 } }, "rateLimit.window"],
  [{ expiresAt: null }, "expiresAt"],
  [{ expiresAt: "2999-01-01" }, "expiresAt"],
  [{ expiresAt: "2030-02-30" }, "expiresAt"],
  [{ expiresAt: "2020-01-01" }, "expiresAt"],
])("%j is refused with the name of the field", async (settings, field) => {
  await expect(apiKeys.create({ label: "x", ...settings })).rejects.toMatchObject({
    reason: "INVALID_INPUT",
    field,
  })
})

test("a date is the end of that day in UTC", async () => {
  const date = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)
  const { id, expiresAt } = await apiKeys.create({ label: "x", expiresAt: date })
  expect(expiresAt).toEqual(new Date(`${date}T23:59:59.999Z`))
  expect(await apiKeys.get(id)).toMatchObject({ expiresAt })
})
