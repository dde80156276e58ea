import { createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { createLatchkeyServer } from "../src/createLatchkeyServer.ts"
import { newSecret } from "./startLatchkey.ts"

const serverUrl = inject("postgresUrl")

test("a key's scope that a host does not declare is kept, listed, and grants nothing there", async () => {
  await using database = await createTestDatabase(serverUrl)
  const shared = { databaseUrl: database.url, secret: newSecret() }
  const reports = createLatchkeyServer({ ...shared, scopes: ["reports:read"], migrate: "auto" })
  const invoices = createLatchkeyServer({ ...shared, scopes: ["invoices:read"] })
  try {
    const owner = { subject: "org_42" }
    const { id, key } = await reports.as(owner).apiKeys.create({ label: "x", scopes: ["reports:read"] })

    const there = { "x-api-key": key }
    expect(await invoices.authenticate(there)).toMatchObject({ ok: true, caller: { scopes: [] } })
    expect(await invoices.authenticate(there, { scope: "invoices:read" })).toMatchObject({
      status: 403,
      reason: "INSUFFICIENT_SCOPE",
      apiKeyId: id,
    })
    expect(await invoices.authenticate(there, { scope: "reports:read" as never })).toMatchObject({
      status: 400,
      reason: "INVALID_INPUT",
    })
    for (const latchkey of [reports, invoices]) {
      expect((await latchkey.as(owner).apiKeys.list()).items).toMatchObject([
        { id, scopes: ["reports:read"] },
      ])
    }
    expect(await reports.authenticate(there, { scope: "reports:read" })).toMatchObject({ ok: true })
  } finally {
    await reports.close()
    await invoices.close()
  }
})

test("products with different issuers on one schema do not accept each other's keys", async () => {
  await using database = await createTestDatabase(serverUrl)
  const shared = { databaseUrl: database.url, secret: newSecret() }
  const products = ["tidewater", "lighthouse"].map((issuer) =>
    createLatchkeyServer({ ...shared, issuer, migrate: "auto" }),
  )
  try {
    for (const product of products) {
      const { id, key } = await product.as({ subject: "org_42" }).apiKeys.create({ label: "x" })
      for (const each of products) {
        const verdict = await each.authenticate({ "x-api-key": key })
        const { items } = await each.as({ subject: "org_42" }).apiKeys.list()
        const isOwn = each === product
        expect(verdict.ok).toBe(isOwn)
        if (!verdict.ok) expect(verdict).toMatchObject({ status: 401, reason: "UNAUTHENTICATED" })
        expect(items.some((item) => item.id === id)).toBe(isOwn)
        if (!isOwn) {
          await expect(each.as({ subject: "org_42" }).apiKeys.revoke(id)).rejects.toMatchObject({
            reason: "NOT_FOUND",
          })
        }
      }
    }
  } finally {
    for (const product of products) await product.close()
  }
})
