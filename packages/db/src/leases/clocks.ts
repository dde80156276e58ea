import { setTimeout as sleep } from "node:timers/promises"

/** The clocks and timers of this machine, in milliseconds. */
export interface Clocks {
  /** Never set, but stops while the machine sleeps. */
  steady(): number
  /** Continues while the machine sleeps, but may be set. */
  wall(): number
  /** Calls back after at least `ms`, unless cancelled by the returned function. It does not keep the process alive. */
  after(ms: number, call: () => void): () => void
  /** Resolves after at least `ms`, and keeps the process alive until then. */
  sleep(ms: number): Promise<unknown>
}

export const machineClocks: Clocks = {
  steady: () => performance.now(),
  wall: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms).unref()
    return () => clearTimeout(timer)
  },
  sleep: (ms) => sleep(ms),
}

/** A moment by both clocks. */
export type Moment = Record<"steady" | "wall", number>

export const momentOf = ({ steady, wall }: Clocks): Moment => ({ steady: steady(), wall: wall() })

/** How far the clocks may drift apart within the length of a lease, because the wall clock may be slewed. */
const LARGEST_DRIFT_MS = 20

/**
 * The milliseconds since a moment, or Infinity if they are not known: the clocks disagree if the machine has slept,
 * or if the wall clock was set. Linux has a clock that continues during sleep and is never set, but reading it
 * (`os.uptime()`) takes as long as the rest of a verdict.
 */
export function elapsedSince({ steady, wall }: Moment, clocks: Clocks): number {
  const elapsed = clocks.steady() - steady
  return Math.abs(clocks.wall() - wall - elapsed) > LARGEST_DRIFT_MS ? Number.POSITIVE_INFINITY : elapsed
}
