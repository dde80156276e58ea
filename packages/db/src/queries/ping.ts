import { sql } from "drizzle-orm"
import { query } from "../query.ts"

/** Resolves when the database answers. */
export const ping = query<void, void>(async (db) => {
  await db.execute(sql`select 1`)
})
