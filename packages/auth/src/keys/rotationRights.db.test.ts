import { randomUUID } from "node:crypto"
import { describe, expect, test } from "vitest"
import { client, withApiKey } from "../../test/createTestAuth.ts"
import { newSubject, SCOPES, trusted, useOwners } from "../../test/useOwners.ts"
import { useRotation } from "../../test/useRotation.ts"
import type { Caller } from "../identities/caller.ts"

describe.each(["PostgreSQL", "embedded"] as const)("rotation on %s", (kind) => {
  const use = useRotation(kind)
  const { accepted, eventsOf, get, newKey, rotate, set } = use

  test("a caller with some scopes can't get a key with others", async () => {
    const limited = (caller: Caller) => ({ ...caller, scopes: ["reports:read"], isScoped: true })
    for (const stored of [null, use.scopes]) {
      const old = await newKey({ scopes: stored })
      await expect(rotate({ ...old, caller: limited(old.caller) })).rejects.toMatchObject({
        reason: "INSUFFICIENT_SCOPE",
      })
      expect(await get(old, old.id)).toMatchObject({ replacedBy: null })
    }
    const old = await newKey({ scopes: ["reports:read"] })
    expect(await rotate({ ...old, caller: limited(old.caller) })).toMatchObject({ scopes: ["reports:read"] })
  })

  test("a scope that is no longer declared stays, but not for a caller with some scopes", async () => {
    const old = await newKey({ scopes: use.scopes })
    const later = use.open({ scopes: ["reports:read"] })
    const limited = { ...old.caller, scopes: ["reports:read"], isScoped: true }
    await expect(rotate({ ...old, caller: limited }, {}, later)).rejects.toMatchObject({
      reason: "INSUFFICIENT_SCOPE",
    })
    expect(await rotate(old, {}, later)).toMatchObject({ scopes: use.scopes })
  })

  test("only an administrator can replace a key with an administrative scope", async () => {
    const old = await newKey()
    await set(old.id, { scopes: ["latchkey:introspect"], checks: ["scopes"] })
    await expect(rotate(old)).rejects.toMatchObject({ reason: "FORBIDDEN" })
    const admin: Caller = { ...old.caller, owner: { ...old.owner, role: "admin" } }
    expect(await rotate({ ...old, caller: admin })).toMatchObject({ scopes: ["latchkey:introspect"] })
    const reader = await newKey({ scopes: ["latchkey:apikeys:read"] })
    expect(await rotate(reader)).toMatchObject({ scopes: ["latchkey:apikeys:read"] })
  })

  test("an owner can replace what the product has locked, and it stays locked", async () => {
    const owner = { issuer: "host", subject: randomUUID() }
    const host = use.open({ identify: () => ({ ...owner, actor: "user_7" }) })
    const { caller } = await host.authenticate(new Headers())
    if (!caller) throw new TypeError("not authenticated")
    const product = use.auth.as(owner, { actor: "support" }).apiKeys
    const settings = { scopes: ["reports:read"], metadata: { plan: "free" } }
    const { id, createdBy } = await product.create({ label: "x", ...settings })
    expect(createdBy).toBe("support")

    const second = await rotate({ caller, id })
    expect(second).toMatchObject({ ...settings, locked: true, createdBy: "user_7" })
    const third = await product.rotate(second.id, { grace: 0, expiresAt: "2999-01-01" })
    expect(third).toMatchObject({ ...settings, locked: true, createdBy: "support", replaces: second.id })
    expect(third.expiresAt).toEqual(new Date("2999-01-01T23:59:59.999Z"))
    expect(await accepted(second.key)).toEqual([false, false])
    await expect(product.rotate(third.id, { grace: -1 })).rejects.toMatchObject({ field: "grace" })
    await expect(product.rotate(second.id)).rejects.toMatchObject({ reason: "NOT_FOUND" })
    expect((await eventsOf({ owner: caller.owner })).at(-1)).toMatchObject({
      ...{ kind: "apiKeyRotated", via: "server", actor: "support", subject: { id: second.id } },
      changes: { replacedBy: { from: null, to: third.id }, revokedAt: { from: null } },
    })
  })

  test("a key can't replace keys, not even itself", async () => {
    const old = await newKey()
    const { caller } = await use.auth.authenticate(withApiKey(old.key), { ...client })
    if (!caller) throw new TypeError("not authenticated")
    await expect(rotate({ caller, id: old.id })).rejects.toMatchObject({ reason: "FORBIDDEN" })
  })
})

describe("rotation by a trusted issuer's token", () => {
  const on = useOwners("PostgreSQL")

  test("gives keys no more than the scopes of the token", async () => {
    const subject = newSubject()
    const full = await on.callerOf(trusted.bearer({ subject }))
    const narrow = await on.callerOf(trusted.bearer({ subject, scopes: ["reports:read"] }))
    const create = (stored: string[] | null) =>
      on.here.apiKeys.create(full, { label: "x", scopes: stored }, client)
    const rotate = (caller: Caller, { id }: { id: string }) =>
      on.here.apiKeys.rotate(caller, { id, grace: 0 }, client)

    for (const stored of [null, ["reports:read", "reports:write"]]) {
      const old = await create(stored)
      await expect(rotate(narrow, old)).rejects.toMatchObject({ reason: "INSUFFICIENT_SCOPE" })
      expect((await on.here.authenticate(withApiKey(old.key))).caller).not.toBeNull()
      expect(await rotate(full, old)).toMatchObject({ scopes: stored, replaces: old.id })
    }
    expect(await rotate(narrow, await create(["reports:read"]))).toMatchObject({ scopes: ["reports:read"] })
    // A token with every declared scope gives those, but none that are declared later.
    const all = await on.callerOf(trusted.bearer({ subject, scopes: SCOPES }))
    expect(await rotate(all, await create(null))).toMatchObject({ scopes: SCOPES })
  })
})
