import { sql } from "drizzle-orm"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { query } from "../../query.ts"

/** Resolves if the database responds and is not a standby. */
export const ping = query<void, void>(async (db) => {
  await db.execute(sql`select ${onPrimary}`)
})
