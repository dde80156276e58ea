import { randomUUID } from "node:crypto"
import { describe, expect, test } from "vitest"
import { client, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { newKeyInput, useOwners } from "../../test/useOwners.ts"
import type { Caller } from "../identities/caller.ts"

describe.each(["PostgreSQL", "embedded"] as const)("a key for some addresses on %s", (kind) => {
  const on = useOwners(kind)

  const allowedIps = ["203.0.113.0/24", "2001:db8:1::/48"]

  async function newKey() {
    const user = await signUp(on.here)
    const created = await on.here.apiKeys.create(user.caller, { ...newKeyInput, allowedIps }, client)
    return { ...user, ...created }
  }

  const from = (knownAddress: string | null) => ({ ...client, requestId: randomUUID(), knownAddress })

  const refusals = async ({ owner }: Pick<Caller, "owner">) => {
    await Promise.all([on.here.flush(), on.there.flush()])
    return (await on.here.audit.list(owner, { cursor: null, limit: 100, kind: "apiKeyRefused" })).items
  }

  test("does not record the address of an introspection whose caller may not ask", async () => {
    const key = await newKey()
    const ask = (address: string, mayCompare: Promise<unknown>) =>
      on.here.introspect(key.key, { ...from(address), mayCompare })
    const forbidden = Promise.reject(new Error("may not ask"))
    forbidden.catch(() => {})
    expect((await ask("198.51.100.1", forbidden)).caller).toBeNull()
    expect((await ask("198.51.100.2", Promise.resolve())).caller).toBeNull()
    expect((await refusals(key)).map(({ address }) => address)).toEqual(["198.51.100.2"])
  })

  test("is accepted only from these, and only the host learns the reason for a refusal", async () => {
    const key = await newKey()
    const authenticate = (address: string | null) => on.here.authenticate(withApiKey(key.key), from(address))
    for (const address of ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8:1::9"]) {
      expect((await authenticate(address)).caller).not.toBeNull()
    }
    const refused = { caller: null, problem: "invalid", cause: "address", apiKeyId: key.id }
    for (const address of ["203.0.114.9", "2001:db8:2::9", "::1", "", "unknown", null]) {
      expect(await authenticate(address)).toEqual(refused)
    }
    expect(await on.here.authenticate(withApiKey(key.key), { ...client })).toEqual(refused)
    expect(await on.here.authenticate(withApiKey(key.key))).toEqual(refused)
    await on.here.apiKeys.update(key.caller, { id: key.id, allowedIps: null }, client)
    expect((await authenticate("203.0.114.9")).caller).not.toBeNull()
  })

  test("has its refusals in the owner's trail, once an hour for each block", async () => {
    const key = await newKey()
    for (const address of ["198.51.100.1", "198.51.100.1", "2001:db8:9::1", "2001:db8:9::2", null, null]) {
      for (const instance of [on.here, on.there])
        await instance.authenticate(withApiKey(key.key), from(address))
      await Promise.all([on.here.flush(), on.there.flush()])
    }

    const items = await refusals(key)
    expect(items.map(({ address }) => address).reverse()).toEqual(["198.51.100.1", "2001:db8:9::1", null])
    for (const item of items) {
      expect(item).toMatchObject({
        ...{ count: 1, via: "apiKey", credentialId: key.id, byAdministrator: false },
        subject: { id: key.id, label: "nightly import" },
      })
    }
  })

  test("can't fill its owner's trail, from however many addresses it is presented", async () => {
    const key = await newKey()
    for (let index = 0; index < 30; index++) {
      await on.here.authenticate(withApiKey(key.key), from(`198.51.100.${index}`))
      await on.here.flush()
    }
    const items = await refusals(key)
    expect(items).toHaveLength(21)
    expect(items.filter(({ address }) => address === null)).toHaveLength(1)
  })

  test("leaves no event when the secret does not match", async () => {
    const key = await newKey()
    const wrong = key.key.slice(0, 60) + (key.key.endsWith("0000") ? "1111" : "0000")
    expect(await on.here.authenticate(withApiKey(wrong), from("198.51.100.1"))).toMatchObject({
      cause: "mismatch",
    })
    expect(await refusals(key)).toEqual([])
  })
})
