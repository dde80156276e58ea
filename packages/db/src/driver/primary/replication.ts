import { setTimeout as sleep } from "node:timers/promises"
import { DatabaseUnavailable } from "../../databaseUnavailable.ts"
import type { Statement } from "../sqlClient.ts"

/** A position in a primary's WAL. */
interface WalPosition {
  lsn: string
  /** The first eight digits of the names of its files. */
  timeline: string
}

/**
 * Commits, and returns how far that server has then written its WAL, which includes the commit. It is one message, so
 * a pooler sends all of it to one server.
 */
const COMMIT = `
  commit;
  select pg_current_wal_flush_lsn()::text, left(pg_walfile_name(pg_current_wal_flush_lsn()), 8)`

/**
 * Whether a synchronous standby has the WAL up to a position: null if there is no such standby, or the role may not see
 * it. On another timeline, the position says nothing.
 */
const statementAbout = ({ lsn, timeline }: WalPosition): Statement => ({
  text: `
    select bool_or(
      case when current_setting('synchronous_commit') = 'remote_write' then write_lsn else flush_lsn end >= $1::pg_lsn
      and left(pg_walfile_name(pg_current_wal_lsn()), 8) = $2)
    from pg_stat_replication where sync_state in ('sync', 'quorum')`,
  params: [lsn, timeline],
  asArrays: true,
})

/** Milliseconds between two checks of a standby; they double from the first value up to the second. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [2, 50]

/**
 * Commits a transaction, and waits until a synchronous standby has it. PostgreSQL's success does not prove that: if
 * `synchronous_standby_names` is emptied, as Patroni does without a healthy standby, waiting commits are released
 * without a warning.
 *
 * @param send throws when the time of the query is over.
 * @throws {DatabaseUnavailable} with `begun`.
 */
export async function commitReplicated(send: (statement: Statement) => Promise<unknown>): Promise<void> {
  try {
    await commitAndWait(send)
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error
    // The commit itself hardly ever fails. The query after it may, for example because a privilege is missing.
    throw new DatabaseUnavailable("committed, but it is not known where", { cause: error, begun: true })
  }
}

async function commitAndWait(send: (statement: Statement) => Promise<unknown>): Promise<void> {
  const [, [[lsn, timeline] = []] = []] = (await send({ text: COMMIT, asArrays: true })) as string[][][]
  if (lsn === undefined || timeline === undefined) throw new TypeError("the commit returned no position")
  const statement = statementAbout({ lsn, timeline })
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const [[isThere] = []] = (await send(statement)) as (boolean | null)[][]
    if (isThere) return
    if (isThere === null) throw notReplicated()
    await sleep(pause)
  }
}

/** The error for a change that only one server is known to have. */
export const notReplicated = (): DatabaseUnavailable =>
  new DatabaseUnavailable("committed, but no synchronous standby is known to have it", { begun: true })
