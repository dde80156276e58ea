import { type SQL, sql } from "drizzle-orm"

/**
 * The time `days` ago, by the clock that is behind: the database's or this server's. What is deleted is gone, so a clock that
 * is ahead for a moment must not decide alone that it is old.
 */
export const timeBefore = (days: number): SQL =>
  sql`(least(now(), ${new Date().toISOString()}::timestamptz) - make_interval(days => ${days}))`
