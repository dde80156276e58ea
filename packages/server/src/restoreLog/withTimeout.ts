/**
 * Waits for a promise, which goes on when the time is over.
 *
 * @param onTimeout returns the error to throw then.
 */
export async function withTimeout<Result>(
  promise: Promise<Result>,
  ms: number,
  onTimeout: () => Error,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onTimeout()), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
