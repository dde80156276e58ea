import { and, eq, isNull, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { deleteSecondFactor } from "../queries/accounts/secondFactors.ts"
import { anyOf, joinIds } from "../queries/anyOf.ts"
import { eraseRow } from "../queries/owners/eraseUser.ts"
import { owners } from "../schema/owners.ts"
import { recordOwners } from "./recordByLog.ts"
import { type ChangeOf, recordset } from "./recordset.ts"

type OwnerChange = ChangeOf<"owner">

/**
 * Disables, enables, erases and dismisses owners. Appointing administrators is up to the configuration.
 *
 * @param isContested which owners stay disabled if the database has disabled them.
 */
export async function applyOwners(
  tx: Database,
  changes: readonly OwnerChange[],
  isContested: (id: string) => boolean,
) {
  await insertMissing(tx, changes)
  const wanted = changes.map(({ id, state }) => ({
    id,
    ...(state ?? { disabledAt: new Date().toISOString(), role: "user" }),
    enables: state?.disabledAt === null && !isContested(id),
  }))
  const after = recordset(wanted, sql`id uuid, "disabledAt" timestamptz, role text, enables boolean`)
  const disablesOrEnables = sql`case when ${owners.disabledAt} is null then after."disabledAt" is not null else after.enables end`
  const toChange = await tx
    .select({ id: owners.id, disables: sql<boolean>`after."disabledAt" is not null` })
    .from(owners)
    .innerJoin(after, sql`after.id = ${owners.id}`)
    .where(and(isNull(owners.erasedAt), disablesOrEnables))
  await tx
    .update(owners)
    .set({
      disabledAt: sql`case when after.enables then null else coalesce(${owners.disabledAt}, after."disabledAt") end`,
      role: sql`case when after.role = 'user' then 'user' else ${owners.role} end`,
    })
    .from(after)
    .where(and(eq(owners.id, sql`after.id`), isNull(owners.erasedAt)))
  const disabled = toChange.filter(({ disables }) => disables)
  const enabled = toChange.filter(({ disables }) => !disables)
  await recordOwners(tx, "userDisabled", disabled)
  await recordOwners(tx, "userEnabled", enabled)
  return {
    ownersDisabled: disabled.length,
    ownersEnabled: enabled.length,
    ownersErased: await eraseAgain(tx, changes),
  }
}

/** An owner without an account may have been disabled before they were first seen, or seen since the backup. */
async function insertMissing(tx: Database, changes: readonly OwnerChange[]): Promise<void> {
  const known = changes.flatMap(({ id, state }) =>
    state?.issuer === undefined || state.subject === undefined
      ? []
      : { id, issuer: state.issuer, subject: state.subject },
  )
  await tx.execute(sql`insert into ${owners} (id, issuer, subject)
    select after.id, after.issuer, after.subject from ${recordset(known, sql`id uuid, issuer text, subject text`)}
    on conflict do nothing`)
}

/** The sweeper erases the rest of their data. */
async function eraseAgain(tx: Database, changes: readonly OwnerChange[]): Promise<number> {
  const ids = changes.filter(({ state }) => state?.erasedAt).map(({ id }) => id)
  const left = await tx
    .select({ id: owners.id })
    .from(owners)
    .where(and(anyOf(owners.id, joinIds(ids)), isNull(owners.erasedAt)))
  for (const { id } of left) {
    await deleteSecondFactor(tx, id)
    await eraseRow(tx, id)
  }
  await recordOwners(tx, "userErased", left)
  return left.length
}
