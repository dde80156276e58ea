import { DatabaseUnavailable } from "../databaseUnavailable.ts"

/** A query's right to send statements, from its call until its caller receives a failure. */
export interface Lease {
  readonly isWrite: boolean
  /** The error that says why the lease is over; undefined until then. */
  readonly over: DatabaseUnavailable | undefined
  /** Called when the lease ends while the query is in flight. */
  onOver: (() => void) | undefined
}

/**
 * Longer than the slowest legitimate query, and short enough for every caller to get a failure within 5 s, even after
 * waiting for a previous batch to time out.
 */
const LEASE_MS = 2_000

/**
 * Runs a query with a lease that starts now.
 *
 * @throws {DatabaseUnavailable} when the lease ends first.
 */
export async function withLease<Result>(
  isWrite: boolean,
  run: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  let over: DatabaseUnavailable | undefined
  const lease: Lease = {
    isWrite,
    get over() {
      return over
    },
    onOver: undefined,
  }
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      over = new DatabaseUnavailable(`no answer within ${LEASE_MS} ms`)
      reject(over)
      lease.onOver?.()
    }, LEASE_MS)
  })
  try {
    return await Promise.race([run(lease), end])
  } finally {
    clearTimeout(timer)
  }
}
