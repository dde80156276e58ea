import type { LaggingLease, LeaseStates, LeaseStatesStore } from "./waitForLeases.ts"

/** What one look at the leases finds: `lagging` has all that have not applied the newest change. */
export interface LeaseLook extends Omit<LeaseStates, "lagging"> {
  lagging: (LaggingLease & {
    /** The position up to which the instance has applied the changes. */
    applied: number
  })[]
}

/**
 * Lets all that wait for leases share their looks, so that they use one connection, however many they are. One look is under
 * way at a time, and each caller gets one that began after the call.
 */
export function shareLooks(look: () => Promise<LeaseLook>): LeaseStatesStore["find"] {
  let last: Promise<unknown> = Promise.resolve()
  let next: Promise<LeaseLook> | undefined

  function lookNext(): Promise<LeaseLook> {
    const begun = last.then(() => {
      next = undefined
      return look()
    })
    last = begun.catch(() => {})
    return begun
  }

  return async ({ position }) => {
    next ??= lookNext()
    const { lagging, ...states } = await next
    const wanted = position ?? states.position
    return { ...states, lagging: lagging.filter(({ applied }) => applied < wanted) }
  }
}
