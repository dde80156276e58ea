import { DatabaseUnavailable } from "../databaseUnavailable.ts"

/** A query's right to send statements: from its call until its caller is told that it failed. */
export interface Lease {
  readonly isWrite: boolean
  /** Once the lease is over: why. */
  readonly over: DatabaseUnavailable | undefined
  /** Called when the lease ends while the query is under way. */
  onOver: (() => void) | undefined
}

/**
 * Longer than the slowest honest query; short enough that a caller is told within 5 s that nothing answers, even one
 * who has waited for a batch to give up before the next one does.
 */
const LEASE_MS = 2_000

/**
 * Runs something with a lease from now on.
 *
 * @throws {DatabaseUnavailable} when it has not ended with the lease.
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
