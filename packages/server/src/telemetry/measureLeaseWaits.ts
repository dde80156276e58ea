import { SECONDS, type Tracing } from "./tracing.ts"

/** Returns what records for how many seconds a change waited for the leases of other instances. */
export function measureLeaseWaits({ createHistogram }: Tracing): (seconds: number) => void {
  const waits = createHistogram("latchkey.lease.wait.duration", {
    ...SECONDS,
    description: "How long changes that take a right away waited for other instances' leases.",
  })
  return (seconds) => waits.record(seconds)
}
