import { auditEvents } from "@latchkey/db/schema"
import { sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, gate, withApiKey } from "../../test/createTestAuth.ts"
import { importLines, lineOf, newForeignKey } from "../../test/importLines.ts"
import { useErasure } from "../../test/useErasure.ts"
import { asHost, newSubject, trusted, useOwners } from "../../test/useOwners.ts"
import { ownerIdOf } from "../identities/ownerIdOf.ts"

describe.each(["PostgreSQL", "embedded"] as const)("erasing users on %s", (kind) => {
  const on = useOwners(kind)
  const { keysOf, readEverything } = useErasure(on)

  test("of other issuers' owners refuse their tokens, their identity from the host and their keys for good", async () => {
    const by = await on.administrator()
    const issuer = trusted.issuer
    const [hosted, provided] = [newSubject(), newSubject()]
    const keys = await Promise.all([
      on.createKey(asHost({ subject: hosted })),
      on.createKey(trusted.bearer({ subject: provided })),
    ])

    await on.here.admin.users.erase(by, { issuer: "host", subject: hosted }, client)
    await on.here.admin.users.erase(by, { id: ownerIdOf({ issuer, subject: provided }) }, client)

    const rejected = { caller: null, problem: "invalid" }
    for (const headers of [
      asHost({ subject: hosted }),
      trusted.bearer({ subject: provided }),
      ...keys.map(({ key }) => withApiKey(key)),
    ]) {
      expect(await on.there.authenticate(headers)).toMatchObject(rejected)
    }
    const enabled = on.here.admin.users.enable(by, { issuer: "host", subject: hosted }, client)
    await expect(enabled).rejects.toMatchObject({ reason: "NOT_FOUND" })
    expect(await on.rowsOf(hosted)).toEqual([])
    const everything = await readEverything()
    for (const subject of [hosted, provided]) expect(everything).not.toContain(`"${subject}\\"`)
  })

  test("are possible before an owner is first seen, and refuse the owner from then on", async () => {
    const by = await on.administrator()
    const subject = newSubject()
    await on.here.admin.users.erase(by, { issuer: "host", subject }, client)
    expect(await on.there.authenticate(asHost({ subject }))).toMatchObject({ caller: null })
    expect(await on.rowsOf(subject)).toEqual([])
  })

  test("don't collide with any other subject", async () => {
    const by = await on.administrator()
    const subject = newSubject()
    const id = ownerIdOf({ issuer: "host", subject })
    await on.createKey(asHost({ subject: id }))
    await on.createKey(asHost({ subject }))
    await on.here.admin.users.erase(by, { issuer: "host", subject }, client)
    expect(await on.there.authenticate(asHost({ subject: id }))).toMatchObject({ caller: { owner: {} } })
  })

  test("are not undone by importing the same keys or others", async () => {
    const by = await on.administrator()
    const auth = on.open({ importedKeyPrefixes: ["sk_live_"] })
    const key = newForeignKey()
    const line = await lineOf(key)
    await importLines(on.db, [line])
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: {} })

    await on.here.admin.users.erase(by, { issuer: "host", subject: line.subject }, client)

    const again = await importLines(on.db, [line, await lineOf(newForeignKey(), { subject: line.subject })])
    expect(again).toMatchObject({ imported: 0, revoked: 1, refused: 1 })
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: null })
  })

  test.runIf(kind === "PostgreSQL")(
    "keep out keys that are imported meanwhile, of an owner without a row",
    async () => {
      const by = await on.administrator()
      const line = await lineOf(newForeignKey())
      const [begun, resumed] = [gate(), gate()]
      const holder = on.db.transaction(async (tx) => {
        await tx.execute(sql`lock table ${auditEvents} in exclusive mode`)
        begun.resolve()
        await resumed.promise
      })
      await begun.promise
      // Waits with the row of the owner, before it is committed.
      const erased = on.here.admin.users.erase(by, { issuer: "host", subject: line.subject }, client)
      await on.untilWaiting(1)
      const imported = importLines(on.db, [line])
      await on.untilWaiting(2)
      resumed.resolve()
      await Promise.all([holder, erased])

      expect((await imported).refusals).toEqual(["1 subject: this owner has been erased"])
      expect(await keysOf(ownerIdOf({ issuer: "host", subject: line.subject }))).toEqual([])
    },
  )
})
