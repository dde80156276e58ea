import { getTableName, type SQL, sql } from "drizzle-orm"
import type { Database } from "../../database.ts"
import { revokeDefaultRights } from "../../migrate/revokeDefaultRights.ts"
import { query, write } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { auditEvents } from "../../schema/auditEvents.ts"
import { apiKeyUsage } from "../../schema/keyCounts.ts"
import { owners } from "../../schema/owners.ts"
import { quoteIdentifier } from "../../schemaName.ts"
import { timeBefore } from "./timeBefore.ts"

/** The tables that have a partition for each month, in UTC, and one for the rest: rows whose month has none yet. */
const BY_MONTH = {
  auditEvents: {
    name: getTableName(auditEvents),
    time: auditEvents.createdAt.name,
    refersTo: getTableName(owners),
    /** Constraints that the whole table can't have, because they would have to include the time. */
    indexes: (month: string) => [
      `alter table ${month} add primary key (id)`,
      `create unique index ${month}_summary_key on ${month} (owner_id, summary_of) where summary_of is not null`,
    ],
  },
  usage: {
    name: getTableName(apiKeyUsage),
    time: apiKeyUsage.day.name,
    refersTo: getTableName(apiKeys),
    indexes: () => [],
  },
}

export type TableByMonth = keyof typeof BY_MONTH

/**
 * A partition. `isOver`: the retention time of all of its rows is over. `isMonth`: false for the first partition and
 * the one for the rest.
 */
export interface Partition {
  name: string
  isOver: boolean
  isMonth: boolean
}

interface Months {
  /** Whether this role may make and drop partitions. */
  isOwned: boolean
  partitions: Partition[]
  /** The first days of the months that have no partition: this month, and those ahead. */
  missing: string[]
}

const bound = (end: "from" | "to"): SQL<string | null> =>
  sql`substring(pg_get_expr(c.relpartbound, c.oid) from ${`${end.toUpperCase()} \\('(\\d{4}-\\d\\d-\\d\\d)`})`

/** The partitions that a table has, and those that it lacks. */
export const findMonths = query(
  async (
    db,
    { table, days, ahead }: { table: TableByMonth; days: number; ahead: number },
  ): Promise<Months> => {
    const rows = await db
      .select({
        isOwned: sql<boolean>`pg_has_role(t.relowner, 'usage') and has_schema_privilege(t.relnamespace, 'create')`,
        today: sql<string>`(now() at time zone 'UTC')::date::text`,
        name: sql<string>`c.relname`,
        since: bound("from"),
        until: bound("to"),
        isOver: sql<boolean>`coalesce(
          ${bound("to")}::timestamp at time zone 'UTC' <= ${timeBefore(days)}, false)`,
      })
      .from(sql`pg_class t join pg_inherits i on i.inhparent = t.oid join pg_class c on c.oid = i.inhrelid`)
      .where(sql`t.oid = ${BY_MONTH[table].name}::regclass`)
    const has = (month: string) =>
      rows.some(({ since, until }) => (since ?? "") <= month && until !== null && month < until)
    return {
      isOwned: rows[0]?.isOwned === true,
      partitions: rows.map(({ name, isOver, since }) => ({ name, isOver, isMonth: since !== null })),
      missing: monthsFrom(rows[0]?.today ?? "", ahead).filter((month) => !has(month)),
    }
  },
)

/** The first days of the month of a day and of those after it. */
function monthsFrom(day: string, ahead: number): string[] {
  const [year = 0, month = 0] = day.split("-").map(Number)
  return Array.from({ length: ahead + 1 }, (_, index) =>
    new Date(Date.UTC(year, month - 1 + index)).toISOString().slice(0, 10),
  )
}

/**
 * Creates the partition of a month, unless another instance has created it. Moves rows of that month from the rest
 * into it.
 *
 * @param params.month its first day, such as `2030-01-01`.
 */
export const makeMonth = write(
  async (db, { table, month }: { table: TableByMonth; month: string }): Promise<void> =>
    db.transaction(async (tx) => {
      const { name, time, refersTo, indexes } = BY_MONTH[table]
      const partition = `${name}_${month.slice(0, 7).replace("-", "_")}`
      const rest = `${name}_rest`
      await hurry(tx)
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('latchkey months', 0))`)
      if (await exists(tx, partition)) return
      const [from, to] = monthsFrom(month, 1).map((day) =>
        time === "day" ? `'${day}'` : `'${day} 00:00:00+00'`,
      )
      await run(tx, [`create table ${partition} (like ${name} including defaults)`, ...indexes(partition)])
      // In the order in which a change takes them, to prevent deadlocks.
      await run(tx, [
        `lock table ${refersTo} in share row exclusive mode`,
        `lock table ${rest} in access exclusive mode`,
        `with moved as (delete from ${rest} where ${time} >= ${from} and ${time} < ${to} returning *)
          insert into ${partition} select * from moved`,
        `alter table ${name} attach partition ${partition} for values from (${from}) to (${to})`,
      ])
      await revokeDefaultRights(tx)
    }),
)

/** Drops a partition with all its rows, unless another instance has dropped it. */
export const dropMonth = write(
  async (db, { name }: { name: string }): Promise<void> =>
    db.transaction(async (tx) => {
      await hurry(tx)
      await run(tx, [`drop table if exists ${quoteIdentifier(name)}`])
    }),
)

/** Queries queue behind one that waits for such a lock. */
const hurry = (tx: Database) => tx.execute(sql`select set_config('lock_timeout', '300', true)`)

async function exists(tx: Database, name: string): Promise<boolean> {
  const [row] = await tx
    .select({ exists: sql<boolean>`to_regclass(${name}) is not null` })
    .from(sql`(values (1)) as one`)
  return row?.exists === true
}

async function run(tx: Database, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await tx.execute(sql.raw(statement))
}
