import { LatchkeyError } from "../latchkeyError.ts"
import { onAbort } from "./onAbort.ts"

/** The time limit of a call, shared by its retries and refreshes. */
export interface Deadline {
  /** Aborted when the call ends, for any reason. */
  signal: AbortSignal
  /** Milliseconds left. */
  remaining(): number
  /** The error of the last attempt: the cause of a timeout during a retry. */
  lastFailure?: unknown
}

/** The longest delay of a timer, in milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1

/** @throws {TypeError} if a timer can't wait that long. */
export function checkTimeout(timeout: number): number {
  if (timeout > 0 && timeout <= MAX_TIMEOUT) return timeout
  throw new TypeError(`timeout must be a number of milliseconds from 1 to ${MAX_TIMEOUT}`)
}

/**
 * Rejects when the time is up or the signal is aborted, even if the operation never settles.
 *
 * @throws {LatchkeyError} `TIMEOUT`. Its cause is the signal's reason, or the error of the last attempt.
 */
export function withDeadline<T>(
  { signal, timeout }: { signal?: AbortSignal | undefined; timeout: number },
  operation: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(timeoutError("The call was aborted.", signal.reason))
    const controller = new AbortController()
    const end = performance.now() + timeout
    const deadline: Deadline = { signal: controller.signal, remaining: () => end - performance.now() }
    const stopListening = signal && onAbort(signal, () => giveUp("The call was aborted.", signal.reason))
    const timer = setTimeout(() => {
      giveUp(`The call timed out after ${timeout} ms.`, deadline.lastFailure)
    }, timeout)

    function giveUp(message: string, cause: unknown) {
      finish()
      reject(timeoutError(message, cause))
    }
    function finish() {
      clearTimeout(timer)
      stopListening?.()
      controller.abort()
    }

    operation(deadline).finally(finish).then(resolve, reject)
  })
}

const timeoutError = (message: string, cause: unknown) =>
  new LatchkeyError(message, { reason: "TIMEOUT" }, cause === undefined ? undefined : { cause })
