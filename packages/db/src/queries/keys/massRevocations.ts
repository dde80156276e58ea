import { and, asc, count, eq, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm"
import type { PgColumn } from "drizzle-orm/pg-core"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { query, takeAway, write } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { auditEvents } from "../../schema/auditEvents.ts"
import { massRevocations } from "../../schema/massRevocations.ts"
import { owners } from "../../schema/owners.ts"
import { anyOf, joinIds } from "../anyOf.ts"
import { type ByAdmin, withAdminAuthority } from "../owners/authority.ts"
import { hasIssuer } from "../owners/ownerColumns.ts"
import { newestFirst } from "../position.ts"
import { byAdmin, recordEvents } from "../trail/auditEvents.ts"
import { type OwnedApiKey, ownedApiKeyColumns } from "./adminApiKeys.ts"
import { type ApiKeySettings, revocation } from "./apiKeys.ts"
import { isActive } from "./isValid.ts"

/** Which keys to revoke. A key has to meet all conditions. Times are ISO 8601. */
export interface RevocationCriteria {
  createdBefore?: string
  /** Or at that time. */
  createdAfter?: string
  /** Neither used nor created since then. */
  unusedSince?: string
  issuer?: string
  subject?: string
  createdBy?: string
  /** Any part of the label, ignoring case. */
  labelContains?: string
  /** Also finds keys that have every scope of their owner. Those have none of Latchkey's own scopes. */
  scope?: string
}

/** A previewed revocation. */
interface MassRevocation {
  id: string
  criteria: RevocationCriteria
  by: ByAdmin
}

const when = <Value>(value: Value | undefined, condition: (value: Value) => SQL): SQL | undefined =>
  value === undefined ? undefined : condition(value)

/** @param since also finds keys that met a condition then: changing one is no way around its revocation. */
const meets = (criteria: RevocationCriteria, since: SQL) =>
  and(
    when(criteria.createdBefore, (time) => sql`${apiKeys.createdAt} < ${time}::timestamptz`),
    when(criteria.createdAfter, (time) => sql`${apiKeys.createdAt} >= ${time}::timestamptz`),
    when(
      criteria.unusedSince,
      (time) => sql`coalesce(${apiKeys.lastUsedAt}, ${apiKeys.createdAt}) < ${time}::timestamptz`,
    ),
    when(criteria.issuer, (issuer) => eq(owners.issuer, issuer)),
    when(criteria.subject, (subject) => eq(owners.subject, subject)),
    when(criteria.createdBy, (createdBy) => eq(apiKeys.createdBy, createdBy)),
    when(criteria.labelContains, (text) => {
      // Not `like`, since the text could contain wildcards.
      const contains = (label: SQL | PgColumn) => sql`strpos(lower(${label}), lower(${text})) > 0`
      return sql`(${contains(apiKeys.label)} or ${hadBefore("label", since, (label) => contains(sql`${label} #>> '{}'`))})`
    }),
    when(criteria.scope, (scope) => {
      const findsAll = scope.startsWith("latchkey:") ? sql`false` : sql`true`
      const has = sql`(${findsAll} and ${apiKeys.scopes} is null or ${scope} = any(${apiKeys.scopes}))`
      const had = (scopes: SQL) =>
        sql`(${findsAll} and ${scopes} = 'null' or ${scopes} @> to_jsonb(${scope}::text))`
      return sql`(${has} or ${hadBefore("scopes", since, had)})`
    }),
  )

/** Whether a field was changed since then, from a value that meets a condition. The value is JSON. */
const hadBefore = (field: keyof ApiKeySettings, since: SQL, meetsCondition: (value: SQL) => SQL) =>
  sql`${apiKeys.id} in (
    select ${auditEvents.subjectId} from ${auditEvents}
    where ${auditEvents.kind} = 'apiKeyUpdated' and ${auditEvents.createdAt} >= ${since}
      and ${meetsCondition(sql`(${auditEvents.changes} -> ${field}::text -> 'from')`)})`

/**
 * The active keys that were here before the preview and met the criteria then or later, and those that replace one of
 * these. A replaced key counts even if it has ended, because its successor is still active. A successor counts whenever
 * it was created, so that rotating a key after the preview is no way around its revocation.
 */
function isTarget({ id, criteria, by }: MassRevocation) {
  const ofPreview = (time: SQL) =>
    sql`(select ${time} from ${massRevocations} preview where preview.id = ${id})`
  // A change is recorded some time before others see it.
  const since = ofPreview(sql`preview.created_at - interval '1 minute'`)
  const keysUntil = ofPreview(sql`coalesce(preview.keys_until, preview.created_at)`)
  const isPreviewed = and(
    meets(criteria, since),
    sql`${apiKeys.createdAt} < ${keysUntil}`,
    wasHereBefore(keysUntil),
    hasIssuer(by.issuers),
  )
  const of = (condition: SQL | undefined) => sql`from ${apiKeys}
    inner join ${owners} on ${owners.id} = ${apiKeys.ownerId}
    where ${and(isPreviewed, condition)}`
  // Few keys are replaced, and only those go through the recursion, which is slow.
  const matched = sql`(
    select ${apiKeys.id} ${of(isActive)}
    union all
    (with recursive replaced as (
      select ${apiKeys.id}, ${apiKeys.replacedBy} ${of(isNotNull(apiKeys.replacedBy))}
      union
      select successor.id, successor.replaced_by from replaced
      inner join ${apiKeys} successor on successor.id = replaced.replaced_by
    )
    select replaced.replaced_by from replaced where replaced.replaced_by is not null))`
  return and(isActive, sql`${apiKeys.id} in ${matched}`)
}

/** An imported key has the time of its creation elsewhere. The audit trail has that of its import. */
const wasHereBefore = (time: SQL) => sql`(${apiKeys.importedStart} is null or not exists (
  select from ${auditEvents} where ${auditEvents.subjectId} = ${apiKeys.id} and ${auditEvents.createdAt} >= ${time}
    and ${auditEvents.kind} = 'apiKeyImported' and starts_with(${auditEvents.kind}, 'apiKey')))`

/**
 * A time after which no existing key was created or imported. That may be later than now, if an earlier primary's clock was
 * ahead. The event of a key's creation has a later time than the key itself.
 */
const untilNow = sql`greatest(now(), (select max(${auditEvents.createdAt}) + interval '1 millisecond' from ${auditEvents}))`

/** Stores a revocation for its confirmation, and returns what it would revoke now. */
export const previewMassRevocation = write(
  async (
    db,
    { by, criteria, sampleSize }: { by: ByAdmin; criteria: RevocationCriteria; sampleSize: number },
  ): Promise<"ended" | "notAdmin" | "notFound" | { id: string; count: number; sample: OwnedApiKey[] }> =>
    withAdminAuthority(db, { by }, async (tx) => {
      const [preview] = await tx
        .insert(massRevocations)
        .values({ adminId: by.owner.id, criteria: { ...criteria }, keysUntil: untilNow })
        .returning({ id: massRevocations.id })
      if (!preview) throw new TypeError("insert returned no row")
      const target = isTarget({ ...preview, criteria, by })
      const [all] = await tx.select({ keys: count() }).from(apiKeys).where(target)
      const sample = await tx
        .select(ownedApiKeyColumns)
        .from(apiKeys)
        .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
        .where(target)
        .orderBy(...newestFirst(apiKeys))
        .limit(sampleSize)
      return { ...preview, count: all?.keys ?? 0, sample }
    }),
)

/**
 * Confirms a preview of the last 10 minutes, or finds one that was confirmed before.
 *
 * @returns how many keys it has revoked so far; `notFound` unless the preview is this administrator's, with these criteria.
 */
export const confirmMassRevocation = takeAway(
  async (
    db,
    { id, criteria, by }: MassRevocation & { client: Pick<ClientInfo, "onLeaseWait"> },
  ): Promise<"ended" | "notAdmin" | "notFound" | { revoked: number; isFinished: boolean }> =>
    withAdminAuthority(db, { by }, async (tx) => {
      const isFresh = sql`${massRevocations.createdAt} > now() - interval '10 minutes'`
      const [confirmed] = await tx
        .update(massRevocations)
        .set({ confirmedAt: sql`coalesce(${massRevocations.confirmedAt}, now())` })
        .where(
          and(
            eq(massRevocations.id, id),
            eq(massRevocations.adminId, by.owner.id),
            sql`${massRevocations.criteria} = ${JSON.stringify(criteria)}::jsonb`,
            or(isNotNull(massRevocations.confirmedAt), isFresh),
          ),
        )
        .returning({ revoked: massRevocations.revoked, finishedAt: massRevocations.finishedAt })
      if (!confirmed) return "notFound"
      return { revoked: confirmed.revoked, isFinished: confirmed.finishedAt !== null }
    }),
)

/** Returns the ids of keys that are still to be revoked, in their order. */
export const findMassRevocationTargets = query(
  async (db, { limit, ...revocation }: MassRevocation & { limit: number }): Promise<string[]> => {
    const targets = await db
      .select({ id: apiKeys.id })
      .from(apiKeys)
      // A standby could lack some of them, and the revocation would count as done.
      .where(and(onPrimary, isTarget(revocation)))
      .orderBy(asc(apiKeys.id))
      .limit(limit)
    return targets.map(({ id }) => id)
  },
)

/**
 * Revokes some of the keys, and records that in their owners' audit trails. Batches of one revocation wait for each other,
 * and lock keys in the order of their ids, in which their uses are recorded too.
 *
 * @returns how many keys the revocation has revoked so far.
 */
export const revokeTargets = takeAway(
  async (
    db,
    { id, ids, by, client }: { id: string; ids: readonly string[]; by: ByAdmin; client: ClientInfo },
  ): Promise<"ended" | "notAdmin" | "notFound" | number> =>
    withAdminAuthority(db, { by }, async (tx) => {
      await tx
        .select({ id: massRevocations.id })
        .from(massRevocations)
        .where(eq(massRevocations.id, id))
        .for("no key update")
      const affected = await revokeInOrder(tx, ids)
      await recordEvents(
        tx,
        affected.map(({ ownerId, ...subject }) => ({
          ...{ ownerId, kind: "apiKeyRevoked", client, subject },
          ...byAdmin(by),
        })),
      )
      const [counted] = await tx
        .update(massRevocations)
        .set({ revoked: sql`${massRevocations.revoked} + ${affected.length}` })
        .where(eq(massRevocations.id, id))
        .returning({ revoked: massRevocations.revoked })
      return counted?.revoked ?? "notFound"
    }),
)

async function revokeInOrder(tx: Database, ids: readonly string[]) {
  const isLeft = and(anyOf(apiKeys.id, joinIds(ids)), isNull(apiKeys.revokedAt))
  await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(isLeft)
    .orderBy(asc(apiKeys.id))
    .for("no key update")
  return tx
    .update(apiKeys)
    .set(revocation)
    .where(isLeft)
    .returning({ id: apiKeys.id, label: apiKeys.label, ownerId: apiKeys.ownerId })
}

/** Marks a revocation as done. @returns how many keys it has revoked. */
export const finishMassRevocation = takeAway(
  async (db, { id }: { id: string; client: Pick<ClientInfo, "onLeaseWait"> }): Promise<number> => {
    const [finished] = await db
      .update(massRevocations)
      .set({ finishedAt: sql`coalesce(${massRevocations.finishedAt}, now())` })
      .where(eq(massRevocations.id, id))
      .returning({ revoked: massRevocations.revoked })
    return finished?.revoked ?? 0
  },
)
