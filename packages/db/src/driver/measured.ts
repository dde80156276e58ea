/** Runs something, and tells the seconds that it took, also if it failed. */
export async function measured<Result>(
  onEnd: ((seconds: number) => void) | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  if (!onEnd) return run()
  const startedAt = performance.now()
  try {
    return await run()
  } finally {
    onEnd((performance.now() - startedAt) / 1000)
  }
}
