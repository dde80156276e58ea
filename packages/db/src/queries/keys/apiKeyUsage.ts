import { and, desc, eq, gt, type SQL, sql } from "drizzle-orm"
import { note, query, waitsForNoStandby } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { apiKeyUsage } from "../../schema/keyCounts.ts"
import { joinIds } from "../anyOf.ts"
import { isActive } from "./isValid.ts"

/** Calls by a key on a day. */
export interface NewUsage {
  apiKeyId: string
  /** In UTC, such as `2030-01-31`. */
  day: string
  accepted: number
  limited: number
}

/**
 * Adds calls to the usage of keys in one statement, without those of keys that are gone. Rows are locked in a fixed order,
 * to avoid deadlocks between instances.
 *
 * @param params.usage at most one for each key and day.
 */
export const addUsage = note(async (db, { usage }: { usage: readonly NewUsage[] }): Promise<void> => {
  const list = (field: keyof NewUsage) => joinIds(usage.map((of) => String(of[field])))
  await db
    .insert(apiKeyUsage)
    .select(
      sql`select id, day, accepted, limited from unnest(
        string_to_array(${list("apiKeyId")}, ',')::uuid[],
        string_to_array(${list("day")}, ',')::date[],
        string_to_array(${list("accepted")}, ',')::bigint[],
        string_to_array(${list("limited")}, ',')::bigint[]
      ) as added (id, day, accepted, limited)
      where exists (select from ${apiKeys} where ${apiKeys.id} = added.id) and ${waitsForNoStandby} order by id, day`,
    )
    .onConflictDoUpdate({
      target: [apiKeyUsage.apiKeyId, apiKeyUsage.day],
      set: {
        accepted: sql`${apiKeyUsage.accepted} + excluded.accepted`,
        limited: sql`${apiKeyUsage.limited} + excluded.limited`,
      },
    })
})

export interface UsageOfDay {
  day: string
  accepted: number
  limited: number
}

/** The usage of a key. Days without calls are left out. */
export interface UsageOfKey {
  apiKeyId: string
  days: UsageOfDay[]
}

const todayInUtc = sql`(now() at time zone 'UTC')::date`

const today = sql<string>`${todayInUtc}::text`

/** Whether a row belongs to the last `days`, including today. */
const isOfLast = (days: number): SQL => gt(apiKeyUsage.day, sql`${todayInUtc} - ${days}::integer`)

const ofDay = { day: apiKeyUsage.day, accepted: apiKeyUsage.accepted, limited: apiKeyUsage.limited }

/** Returns the usage of one of an owner's keys, active or not, on the last `days`; null if there is no such key. */
export const findUsageOfApiKey = query(
  async (
    db,
    { ownerId, id, days }: { ownerId: string; id: string; days: number },
  ): Promise<{ today: string; days: UsageOfDay[] } | null> => {
    const rows = await db
      .select({ today, usage: ofDay })
      .from(apiKeys)
      .leftJoin(apiKeyUsage, and(eq(apiKeyUsage.apiKeyId, apiKeys.id), isOfLast(days)))
      .where(and(eq(apiKeys.id, id), eq(apiKeys.ownerId, ownerId)))
    const [first] = rows
    return first ? { today: first.today, days: rows.flatMap(({ usage }) => usage ?? []) } : null
  },
)

/**
 * Returns the usage of an owner's active keys on the last `days`, of at most `limit` keys, with the most used first.
 */
export const findUsageOfOwner = query(
  async (
    db,
    { ownerId, days, limit }: { ownerId: string; days: number; limit: number },
  ): Promise<{ today: string; keys: UsageOfKey[] }> => {
    const isOfOwner = and(eq(apiKeys.ownerId, ownerId), isActive, isOfLast(days))
    const calls = sql<number>`sum(${apiKeyUsage.accepted} + ${apiKeyUsage.limited})`.as("calls")
    const busiest = db
      .select({ id: apiKeyUsage.apiKeyId, calls })
      .from(apiKeyUsage)
      .innerJoin(apiKeys, eq(apiKeys.id, apiKeyUsage.apiKeyId))
      .where(isOfOwner)
      .groupBy(apiKeyUsage.apiKeyId)
      .orderBy(desc(calls), apiKeyUsage.apiKeyId)
      .limit(limit)
      .as("busiest")
    // A row even without any usage, for the date.
    const rows = await db
      .select({ today, apiKeyId: apiKeyUsage.apiKeyId, usage: ofDay })
      .from(sql`(values (1)) as one`)
      .leftJoin(busiest, sql`true`)
      .leftJoin(apiKeyUsage, and(eq(apiKeyUsage.apiKeyId, busiest.id), isOfLast(days)))
      .orderBy(desc(busiest.calls), busiest.id, apiKeyUsage.day)
    const keys = new Map<string, UsageOfKey>()
    for (const { apiKeyId, usage } of rows) {
      if (apiKeyId === null || usage === null) continue
      const ofKey = keys.get(apiKeyId) ?? { apiKeyId, days: [] }
      ofKey.days.push(usage)
      keys.set(apiKeyId, ofKey)
    }
    return { today: rows[0]?.today ?? "", keys: [...keys.values()] }
  },
)
