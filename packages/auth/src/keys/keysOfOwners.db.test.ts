import { apiKeys } from "@latchkey/db/schema"
import { eq } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { newKeyInput, newSubject, useOwners } from "../../test/useOwners.ts"

describe.each(["PostgreSQL", "embedded"] as const)("keys of owners without an own account on %s", (kind) => {
  const on = useOwners(kind)

  test("keys of issuers that an instance does not serve are rejected there", async () => {
    const subject = newSubject()
    const products = [on.open({ hostIssuer: "acme" }), on.open({ hostIssuer: "globex" })] as const
    const { key } = await products[0].as({ subject }).apiKeys.create({ label: "x" })

    expect(await products[0].authenticate(withApiKey(key))).toMatchObject({
      caller: { owner: { issuer: "acme" } },
    })
    expect(await products[1].authenticate(withApiKey(key))).toMatchObject({ caller: null, cause: "unknown" })
    const both = on.open({ hostIssuer: "globex", servedIssuers: ["acme"] })
    expect(await both.authenticate(withApiKey(key))).toMatchObject({ caller: { owner: { subject } } })
    expect(() => products[1].as({ subject, issuer: "acme" })).toThrow(
      expect.objectContaining({ reason: "INVALID_INPUT", field: "issuer" }),
    )
  })

  test("without accounts of Latchkey's own, their tokens are refused and their keys stay valid", async () => {
    const { headers, caller } = await signUp(on.here)
    const { key } = await on.here.apiKeys.create(caller, newKeyInput, client)
    const off = on.open({ passwords: "off" })

    expect(await off.authenticate(headers)).toMatchObject({ caller: null, problem: "invalid" })
    expect(await off.authenticate(withApiKey(key))).toMatchObject({ caller: { owner: caller.owner } })
  })

  test("a key's scope that a host does not declare is kept and listed on.there, and grants nothing", async () => {
    const subject = newSubject()
    const created = await on.here.as({ subject }).apiKeys.create({ label: "x", scopes: ["reports:read"] })
    const other = on.open({ scopes: ["billing:read"] })

    expect(await on.callerOf(withApiKey(created.key), other)).toMatchObject({ scopes: [], isScoped: true })
    expect((await other.as({ subject }).apiKeys.list()).items).toMatchObject([{ scopes: ["reports:read"] }])
    expect(await on.callerOf(withApiKey(created.key))).toMatchObject({ scopes: ["reports:read"] })
  })

  test("a key that needs an unknown check gets no verdict, but a wrong secret is still rejected", async () => {
    const { id, key } = await on.here.as({ subject: newSubject() }).apiKeys.create({ label: "x" })
    await on.db
      .update(apiKeys)
      .set({ checks: ["scopes", "moonPhase"] })
      .where(eq(apiKeys.id, id))

    await expect(on.here.authenticate(withApiKey(key))).rejects.toMatchObject({ reason: "UNAVAILABLE" })
    const wrong = key.slice(0, 63) + (key.endsWith("0") ? "1" : "0")
    expect(await on.here.authenticate(withApiKey(wrong))).toMatchObject({ caller: null, cause: "mismatch" })
  })

  test("a key is valid only with the prefix that it was created with", async () => {
    const subject = newSubject()
    const prefixed = on.open({ keyPrefix: "acme" })
    const { key, start } = await prefixed.as({ subject }).apiKeys.create({ label: "x" })
    const plain = await on.here.as({ subject }).apiKeys.create({ label: "x" })

    expect(key).toMatch(/^acme_[0-9a-f]{72}$/)
    expect(start).toBe(key.slice(0, 13))
    for (const auth of [prefixed, on.here]) {
      expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: { via: "apiKey" } })
      expect(await auth.authenticate(withApiKey(plain.key))).toMatchObject({ caller: { via: "apiKey" } })
    }
    expect(await on.here.authenticate(withApiKey(key.slice(5, 69)))).toMatchObject({ cause: "unknown" })
    const checksum = key.endsWith("0") ? "1" : "0"
    expect(await on.here.authenticate(withApiKey(key.slice(0, -1) + checksum))).toMatchObject({
      cause: "malformed",
    })
  })
})
