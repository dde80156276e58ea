/** Writes data collected in memory, so that no request waits for it. */
export interface RegularWrite {
  /** Writes now, or after a write that is in progress. */
  flush(): Promise<void>
  /** Writes for the last time. */
  close(): Promise<void>
}

/**
 * Writes every few seconds, never twice at once.
 *
 * @param write must not reject.
 */
export function writeRegularly(write: () => Promise<void>, intervalMs: number): RegularWrite {
  let last: Promise<void> = Promise.resolve()
  let pending = 0

  function flush() {
    pending++
    last = last.then(write).finally(() => pending--)
    return last
  }
  // Without the condition, writes would pile up in front of a database that answers more slowly.
  const timer = setInterval(() => pending === 0 && flush(), intervalMs).unref()

  return {
    flush,
    close() {
      clearInterval(timer)
      return flush()
    },
  }
}
