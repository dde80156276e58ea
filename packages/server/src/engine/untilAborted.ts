/**
 * Waits for a promise, which goes on when the signal is aborted.
 *
 * @param discard ends a result that comes after that.
 * @throws the signal's reason.
 */
export async function untilAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal,
  discard?: (late: Result) => Promise<void>,
): Promise<Result> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
  })
  signal.addEventListener("abort", stop)
  if (signal.aborted) stop()
  try {
    return await Promise.race([promise, aborted])
  } catch (error) {
    if (discard) promise.then(discard).catch(() => {})
    throw error
  } finally {
    signal.removeEventListener("abort", stop)
  }
}
