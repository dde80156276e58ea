import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { client, createTestAuth, withApiKey } from "../../test/createTestAuth.ts"
import { asHost, identify, SCOPES } from "../../test/useOwners.ts"
import type { Auth } from "../createAuth.ts"
import { ownerIdOf } from "../identities/ownerIdOf.ts"

describe("acting for an owner", () => {
  let database: OpenTestDatabase
  let auth: Auth
  beforeAll(async () => {
    database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
    auth = createTestAuth(database.db, { scopes: SCOPES, identify })
  })
  afterAll(() => database[Symbol.asyncDispose]())

  test("creates, lists and revokes keys, and the trail records the actor and `server`", async () => {
    const { apiKeys } = auth.as({ subject: "org_42" }, { actor: "user_7" })
    const created = await apiKeys.create({ label: " nightly import ", scopes: ["reports:read"] })
    const { key, ...listed } = created

    expect(listed).toMatchObject({ label: "nightly import", createdBy: "user_7", scopes: ["reports:read"] })
    expect((await apiKeys.list()).items).toEqual([{ ...listed, lastUsedAt: null, revokedAt: null }])
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({
      caller: { owner: { subject: "org_42" } },
    })
    await apiKeys.revoke(created.id)

    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: null })
    await expect(apiKeys.revoke(created.id)).rejects.toMatchObject({ reason: "NOT_FOUND" })
    const id = ownerIdOf({ issuer: "host", subject: "org_42" })
    const { items } = await auth.audit.list({ id }, { cursor: null, limit: 10 })
    const byServer = { via: "server", actor: "user_7", address: null, credentialId: null }
    expect(items).toMatchObject([
      { kind: "apiKeyRevoked", ...byServer },
      { kind: "apiKeyCreated", ...byServer },
    ])
  })

  test.each([
    { label: "" },
    { label: "x", expiresAt: "soon" },
    { label: "x", scopes: ["billing:read"] },
    { label: "x", expiresAt: new Date(0) },
    { label: "x", allowedIps: ["192.0.2.1/24"] },
    { label: "x", metadata: { plan: "x".repeat(2_048) } },
  ])("refuses %j", async (input) => {
    const created = auth.as({ subject: "org_42" }).apiKeys.create(input)
    await expect(created).rejects.toMatchObject({ reason: "INVALID_INPUT" })
  })

  test("a disabled owner gets no key", async () => {
    const { caller } = await auth.authenticate(asHost({ subject: "operations", role: "admin" }))
    if (!caller) throw new TypeError("not authenticated")
    const by = auth.administratorOf(caller)
    await auth.admin.users.disable(by, { issuer: "host", subject: "org_43" }, client)

    const created = auth.as({ subject: "org_43" }).apiKeys.create({ label: "x" })
    await expect(created).rejects.toMatchObject({ reason: "FORBIDDEN" })
  })
})
