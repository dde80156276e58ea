import { randomUUID } from "node:crypto"
import { runsPgBouncerTests, startPgBouncer } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { openEmpty, start } from "../../test/emptyDatabase.ts"
import { createDatabase, DatabaseUnavailable, findOwnerStates } from "../index.ts"

test.each([{ behindPgBouncer: false }, ...(runsPgBouncerTests() ? [{ behindPgBouncer: true }] : [])])(
  "row security makes a query fail instead of hiding that an owner is disabled (behind PgBouncer: $behindPgBouncer)",
  async ({ behindPgBouncer }) => {
    await using empty = await openEmpty(inject("postgresUrl"))
    const { admin, name, role } = empty
    await admin.unsafe(`grant create on database ${name} to ${role}`)
    await start(empty.url, async () => {})
    const id = randomUUID()
    await admin`insert into latchkey.owners (id, issuer, subject, disabled_at) values (${id}, 'host', 'org_42', now())`
    await using pooler = behindPgBouncer ? await startPgBouncer(empty.url) : null
    const { db, close } = await createDatabase(pooler?.url ?? empty.url)
    const isDisabled = async () => (await findOwnerStates(db, { ids: [id] })).map((owner) => owner.isDisabled)

    expect(await isDisabled()).toEqual([true])
    await admin`alter table latchkey.owners enable row level security, force row level security`
    await expect(isDisabled()).rejects.toThrow(DatabaseUnavailable)
    await admin`alter table latchkey.owners disable row level security`
    expect(await isDisabled()).toEqual([true])
    await close()
  },
)

test("a role that loses a right makes the database unavailable, until it has the right again", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, name, role, url } = empty
  await admin.unsafe(`grant create on database ${name} to ${role}`)
  await start(url, async (db) => {
    await admin.unsafe(`revoke select on latchkey.owners from ${role}`)
    await expect(findOwnerStates(db, { ids: [randomUUID()] })).rejects.toThrow(DatabaseUnavailable)
    await admin.unsafe(`grant select on latchkey.owners to ${role}`)
    expect(await findOwnerStates(db, { ids: [randomUUID()] })).toEqual([])
  })
})
