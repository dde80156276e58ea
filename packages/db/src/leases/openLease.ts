import { randomUUID } from "node:crypto"
import type { Database } from "../database.ts"
import { poolOf } from "../driver/pool.ts"
import { beginLeases, releaseLease, renewLease } from "../queries/server/leases.ts"
import { machineClocks } from "./clocks.ts"
import { createLease, type Lease } from "./lease.ts"

/**
 * Requests leases from a database, starting with the first call of `hold`.
 *
 * @param options.length of a lease in milliseconds.
 * @param options.onError called with failed renewals.
 */
export function openLease(
  db: Database,
  { length, onError }: { length: number; onError: (error: unknown) => void },
): Lease {
  const lease = createLease(
    {
      begin: (params) => beginLeases(db, params),
      renew: (params) => renewLease(db, params),
      release: (params) => releaseLease(db, params),
    },
    { length, clocks: machineClocks, newId: randomUUID, onError },
  )
  let stopListening: (() => void) | undefined
  return {
    ...lease,
    hold() {
      stopListening ??= poolOf(db)?.listenToChanges?.(lease.renew)
      return lease.hold()
    },
    async close() {
      stopListening?.()
      await lease.close()
    },
  }
}
