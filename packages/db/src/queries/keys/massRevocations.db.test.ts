import { randomUUID } from "node:crypto"
import { sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  type ByAdmin,
  type Database,
  findMassRevocationTargets,
  importApiKeys,
  previewMassRevocation,
} from "../../index.ts"

describe.each(["PostgreSQL", "embedded"] as const)("revocations of many keys on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  const by: ByAdmin = {
    via: "server",
    appointedBy: "host",
    owner: { id: randomUUID(), issuer: "host", subject: "operator" },
  }

  async function importOldKey(subject: string) {
    const key = {
      ...{ id: randomUUID(), label: "old key", createdBy: subject, disabled: false },
      ...{ owner: { id: randomUUID(), issuer: "host", subject } },
      ...{
        importedStart: "sk_live_",
        importedLength: 40,
        hashKind: "sha256" as const,
        keyHash: randomUUID(),
      },
      ...{ createdAt: new Date("2020-01-01T00:00:00Z"), lastUsedAt: null },
      ...{ scopes: null, expiresAt: null, allowedIps: null, rateLimit: null, metadata: null, locked: false },
    }
    expect(await importApiKeys(db, { keys: [key], requestId: randomUUID() })).toEqual(["imported"])
    return key.id
  }

  test("keys that were imported after the preview are left, however old they were elsewhere", async () => {
    const criteria = { issuer: "host", createdBefore: "2021-01-01T00:00:00Z" }
    const before = await importOldKey("before")
    const preview = await previewMassRevocation(db, { by, criteria, sampleSize: 10 })
    if (typeof preview === "string") throw new TypeError(preview)
    expect(preview.count).toBe(1)
    await importOldKey("after")
    const targets = await findMassRevocationTargets(db, { id: preview.id, criteria, by, limit: 10 })
    expect(targets).toEqual([before])
  })

  test("keys that were imported before a failover to a server whose clock is behind are not left", async () => {
    const id = await importOldKey("failover")
    await db.execute(sql`update audit_trail set created_at = created_at + interval '10 minutes'`)
    const criteria = { issuer: "host", subject: "failover" }
    const preview = await previewMassRevocation(db, { by, criteria, sampleSize: 10 })
    expect(preview).toMatchObject({ count: 1, sample: [{ id }] })
  })
})
