import { LatchkeyError } from "./latchkeyError.ts"
import { onAbort } from "./onAbort.ts"

/** The one limit on a call and all that is done for it. */
export interface Deadline {
  /** Aborted when the call is over, for whatever reason. */
  signal: AbortSignal
  /** Milliseconds left. */
  remaining(): number
  /** What went wrong last, to be told when time runs out while trying again. */
  lastFailure?: unknown
}

/** The longest that a timer can run. */
const MAX_TIMEOUT = 2 ** 31 - 1

/** @throws {TypeError} for what can't be a number of milliseconds to wait. */
export function checkTimeout(timeout: number): number {
  if (timeout > 0 && timeout <= MAX_TIMEOUT) return timeout
  throw new TypeError(`timeout must be a number of milliseconds from 1 to ${MAX_TIMEOUT}`)
}

/**
 * Runs something that is given up when the time is up or the signal is aborted, even if it never settles.
 *
 * @throws {LatchkeyError} `TIMEOUT`; its cause is the signal's reason, or the failure before it.
 */
export function withDeadline<T>(
  { signal, timeout }: { signal?: AbortSignal | undefined; timeout: number },
  run: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(gaveUp("The call was aborted.", signal.reason))
    const controller = new AbortController()
    const end = performance.now() + timeout
    const deadline: Deadline = { signal: controller.signal, remaining: () => end - performance.now() }
    const stopListening = signal && onAbort(signal, () => giveUp("The call was aborted.", signal.reason))
    const timer = setTimeout(() => {
      giveUp(`There was no answer within ${timeout} ms.`, deadline.lastFailure)
    }, timeout)

    function giveUp(message: string, cause: unknown) {
      finish()
      reject(gaveUp(message, cause))
    }
    function finish() {
      clearTimeout(timer)
      stopListening?.()
      controller.abort()
    }

    run(deadline).finally(finish).then(resolve, reject)
  })
}

const gaveUp = (message: string, cause: unknown) =>
  new LatchkeyError(message, { reason: "TIMEOUT" }, cause === undefined ? undefined : { cause })
