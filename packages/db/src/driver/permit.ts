import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import type { Lineage } from "./primary/lineage.ts"

/**
 * The kinds of queries:
 * - `read`;
 * - `note`: a write that is part of verifying. It waits for no standby, so it may use any connection, as reads may;
 * - `write`;
 * - `logged`: a write that the restore log has to have before it is answered;
 * - `log`: for the restore log itself;
 * - `lasting`: a write whose answer must survive a failover;
 * - `takeAway`: a lasting write that ends or narrows a right, or finds that nothing is left to end.
 */
export type QueryKind = "read" | "log" | "note" | "write" | "logged" | "lasting" | "takeAway"

/** A query's right to send statements, from its call until its caller receives a failure. */
export interface Permit {
  readonly kind: QueryKind
  /** Whether it may have to wait for a standby. */
  readonly isWrite: boolean
  /** Whether a commit is sent whose outcome is not known yet. */
  isCommitting: boolean
  /** The server that the last statement was sent to; null if not known. */
  server: Lineage | null
  /** The error that says why the permit is over; undefined until then. */
  readonly over: DatabaseUnavailable | undefined
  /** Called when the permit ends while the query is in flight. */
  onOver: (() => void) | undefined
}

/**
 * Longer than the slowest legitimate query, and short enough for every caller to get a failure within 5 s, even after
 * waiting for a previous batch to time out.
 */
const PERMIT_MS = 2_000

/**
 * Runs a query with a permit that starts now.
 *
 * @throws {DatabaseUnavailable} when the permit ends first.
 */
export async function withPermit<Result>(
  kind: QueryKind,
  run: (permit: Permit) => Promise<Result>,
): Promise<Result> {
  let over: DatabaseUnavailable | undefined
  const permit: Permit = {
    kind,
    isWrite: kind !== "read" && kind !== "note" && kind !== "log",
    isCommitting: false,
    server: null,
    get over() {
      return over
    },
    onOver: undefined,
  }
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      over = new DatabaseUnavailable(`no answer within ${PERMIT_MS} ms`, { begun: permit.isCommitting })
      reject(over)
      permit.onOver?.()
    }, PERMIT_MS)
  })
  try {
    return await Promise.race([run(permit), end])
  } finally {
    clearTimeout(timer)
  }
}
