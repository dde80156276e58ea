import type { LaggingLease, LeaseStates, LeaseStatesStore } from "./waitForLeases.ts"

/** The result of one look at the leases. `lagging` contains every instance that has not applied the newest change. */
export interface LeaseLook extends Omit<LeaseStates, "lagging"> {
  lagging: (LaggingLease & {
    /** The position up to which the instance has applied the changes. */
    applied: number
  })[]
}

/**
 * Lets all callers that wait for leases share their looks, so that any number of callers use one connection. One look
 * is in flight at a time, and each caller gets one that began after the call.
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
