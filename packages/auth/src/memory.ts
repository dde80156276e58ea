import { type Database, type Lease, openLease } from "@latchkey/db"

/** How an instance may answer from memory. */
export interface Memory {
  lease: Lease
  /** How many rows of each kind are kept; 0 if verdicts need a lease but still read the database. */
  maxRows: number
}

/** Rows kept of each kind. Each takes about 2 kB. */
const MAX_ROWS = 150_000

/**
 * @param options.seconds the length of a lease, 1 to 10.
 * @param options.cache whether verdicts come from memory while a lease is held.
 * @param options.onError called with failed renewals.
 * @throws {TypeError} for any other length.
 */
export function createMemory(
  db: Database,
  { seconds, cache, onError }: { seconds: number; cache: boolean; onError: (error: unknown) => void },
): Memory {
  if (!(seconds >= 1 && seconds <= 10)) throw new TypeError("verifyLease: expected 1 to 10 seconds")
  return { lease: openLease(db, { length: seconds * 1000, onError }), maxRows: cache ? MAX_ROWS : 0 }
}
