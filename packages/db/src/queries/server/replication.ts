import { sql } from "drizzle-orm"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { query } from "../../query.ts"

/** Whether acknowledged changes survive the loss of the server. */
export interface Replication {
  /** Whether it is configured to acknowledge a commit only once a standby has it. */
  isSynchronous: boolean
  /** How many standbys stream from it. */
  standbys: number
  /** Whether the role may see what the standbys have. */
  isVisible: boolean
}

/**
 * Reads how the server replicates. Standbys at the level of storage, which managed databases may have, are not
 * visible.
 */
export const findReplication = query(async (db, _: undefined): Promise<Replication | undefined> => {
  const [row] = await db
    .select({
      isSynchronous: sql<boolean>`current_setting('synchronous_standby_names') <> ''`,
      standbys: sql<number>`(
        select count(*)::int from pg_stat_replication
        where pid not in (select active_pid from pg_replication_slots where slot_type = 'logical' and active))`,
      isVisible: sql<boolean>`pg_has_role('pg_read_all_stats', 'usage')`,
    })
    .from(sql`(values (1)) as one`)
    .where(onPrimary)
  return row
})
