import { setTimeout as sleep } from "node:timers/promises"
import { connect } from "./connect.ts"
import type { TestPostgres } from "./startPostgres.ts"

/** Waits until a standby has replayed everything that its primary has written. */
export async function catchUp(primary: Pick<TestPostgres, "url">, standby: Pick<TestPostgres, "url">) {
  const [from, to] = [connect(primary.url), connect(standby.url)]
  try {
    const [written] = await from`select pg_current_wal_lsn()::text as lsn`
    for (let isDone = false; !isDone; await sleep(10)) {
      const [replayed] = await to`select pg_last_wal_replay_lsn() >= ${written?.lsn}::pg_lsn as done`
      isDone = replayed?.done === true
    }
  } finally {
    await Promise.all([from.end(), to.end()])
  }
}
