import { and, lt, sql } from "drizzle-orm"
import { forLog, waitsForNoStandby } from "../query.ts"
import { authority } from "../schema/authority.ts"
import { timeOf } from "./logState.ts"

/**
 * Notes that the log has all changes up to a position, so that no other instance writes them. Does nothing in a database that
 * has replaced the one whose changes were logged.
 *
 * @param params.at when the change at the position was made.
 */
export const markLogged = forLog(async (db, { to, at }: { to: number; at: string | null }): Promise<void> => {
  await db
    .update(authority)
    .set({ loggedTo: sql`${to}::bigint` })
    .where(and(lt(authority.loggedTo, to), sql`${timeOf(to)} is not distinct from ${at}`, waitsForNoStandby))
})
