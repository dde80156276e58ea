import { createHash, randomBytes, randomUUID } from "node:crypto"
import { apiKeys, auditEvents, owners } from "@latchkey/db/schema"
import { eq, sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { gate, withApiKey } from "../../../test/createTestAuth.ts"
import { importLines, lineOf, newForeignKey } from "../../../test/importLines.ts"
import { holdCompare, useImportedKeys, verdictOf } from "../../../test/useImportedKeys.ts"
import { ownerIdOf } from "../../identities/ownerIdOf.ts"

describe.each(["PostgreSQL", "embedded"] as const)("imported keys on %s", (kind) => {
  const { importOne, open, use } = useImportedKeys(kind)

  test.runIf(kind === "PostgreSQL")(
    "a key that is presented while it is being imported is rejected, and accepted as soon as the import has ended",
    async () => {
      const auth = open()
      // So that the instance knows some lengths of starts, but not this one.
      await verdictOf(auth, withApiKey(newForeignKey()))
      const key = `sk_live_${randomBytes(20).toString("hex")}`
      const line = await lineOf(key, { start: key.slice(0, 13) })
      const [held, resumed] = [gate(), gate()]
      const holder = use.db.transaction(async (tx) => {
        await tx.execute(sql`lock table ${auditEvents} in exclusive mode`)
        held.resolve()
        await resumed.promise
      })
      await held.promise
      // Waits with the key's row, before it is committed.
      const importing = importLines(use.db, [line])
      await use.untilWaiting(1)
      expect(await verdictOf(auth, withApiKey(key))).toBe("unknown")
      resumed.resolve()
      await holder
      expect(await importing).toMatchObject({ imported: 1 })
      expect(await verdictOf(auth, withApiKey(key))).toBe(line.subject)
    },
  )

  test("a key that is imported again during its first bcrypt stays one key, with the receipt of that bcrypt", async () => {
    const auth = open()
    const key = newForeignKey()
    const { line, row } = await importOne(key)
    const { begun, held } = holdCompare()
    const verdict = verdictOf(auth, withApiKey(key))
    await begun.promise
    expect(await importLines(use.db, [line])).toMatchObject({ imported: 0, present: 1 })
    held.resolve()
    expect(await verdict).toBe(line.subject)
    const rows = await use.db.select().from(apiKeys).where(eq(apiKeys.ownerId, row.ownerId))
    expect(rows).toEqual([{ ...row, receipt: expect.any(Uint8Array), receiptSecretId: expect.any(String) }])
  })

  test("a batch that is too much for the database at the moment is imported in parts", async () => {
    const lines = Array.from({ length: 150 }, (_, index) => ({
      subject: "org_slow",
      label: "old key",
      keyHash: `$2b$10$${randomBytes(27).toString("hex").slice(1)}`,
      start: `sk_live_slow_${index}`,
      keyLength: 60,
    }))
    // As if a statement with so many rows ran into its time limit.
    await use.db.execute(sql`
      create function latchkey.refuse_many() returns trigger language plpgsql as $$ begin
        if (select count(*) from added) > 100 then raise exception 'slow' using errcode = '57014'; end if;
        return null;
      end $$`)
    await use.db.execute(sql`create trigger refuse_many after insert on latchkey.api_keys
      referencing new table as added for each statement execute function latchkey.refuse_many()`)
    try {
      expect(await importLines(use.db, lines)).toMatchObject({ imported: 150, present: 0, refused: 0 })
    } finally {
      await use.db.execute(sql`drop function latchkey.refuse_many cascade`)
    }
  })

  test("are imported once, whatever ids their lines have, also in a dry run", async () => {
    const keys = [newForeignKey(), newForeignKey()]
    const lines = [
      await lineOf(keys[0] ?? ""),
      {
        ...(await lineOf(keys[1] ?? "")),
        keyHash: `sha256:${createHash("sha256").update("x").digest("hex")}`,
      },
    ]
    const again = lines.map((line) => ({ ...line, id: randomUUID(), subject: "org_another" }))
    const reason = "keyHash: another key here has this hash; each can be imported once"
    const counted = { imported: 2, refusals: [`3 ${reason}`, `4 ${reason}`] }
    expect(await importLines(use.db, [...lines, ...again], { isTrial: true })).toMatchObject(counted)
    expect(await importLines(use.db, [...lines, ...again])).toMatchObject(counted)
    expect(await importLines(use.db, again)).toMatchObject({ refusals: [`1 ${reason}`, `2 ${reason}`] })
    expect(await importLines(use.db, lines)).toMatchObject({ present: 2, refused: 0 })
  })

  test("refuse a start's sixth row, a ninth length of start and an erased owner, also in a dry run", async () => {
    const start = newForeignKey().slice(0, 16)
    const sixth = await Promise.all(
      Array.from({ length: 6 }, () => lineOf(start + randomBytes(12).toString("hex"))),
    )
    const refusal = ["6 start: there are 5 keys with this start already; give more characters of it"]
    const counted = { imported: 5, refused: 1, refusals: refusal }
    expect(await importLines(use.db, sixth, { isTrial: true })).toMatchObject(counted)
    expect(await importLines(use.db, sixth)).toMatchObject(counted)
    expect(await importLines(use.db, sixth, { isTrial: true })).toMatchObject({ imported: 0, present: 5 })

    const lengths = await Promise.all(
      [9, 10, 11, 12, 13, 14, 15, 17, 18].map((length) => {
        const key = `${newForeignKey()}00`
        return lineOf(key, { start: key.slice(0, length) })
      }),
    )
    const result = await importLines(use.db, lengths, { isTrial: true })
    expect(result.refusals.at(-1)).toMatch(/^9 start: there are starts of 8 other lengths already$/)

    const erased = { issuer: "host", subject: `org_${randomUUID()}` }
    await use.db
      .insert(owners)
      .values({ ...erased, id: ownerIdOf(erased), disabledAt: sql`now()`, erasedAt: sql`now()` })
    const line = await lineOf(newForeignKey(), erased)
    expect((await importLines(use.db, [line])).refusals).toEqual(["1 subject: this owner has been erased"])
  })
})
