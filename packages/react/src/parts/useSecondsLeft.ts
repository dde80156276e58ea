import { useEffect, useState } from "react"

/** Counts down from `seconds`. Restarts when `since` changes. */
export function useSecondsLeft(since: unknown, seconds: number): number {
  const [left, setLeft] = useState(seconds)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new `since` restarts the countdown, even with the same seconds.
  useEffect(() => {
    const end = performance.now() + seconds * 1000
    setLeft(seconds)
    const timer = setInterval(() => {
      const remaining = Math.max(0, Math.ceil((end - performance.now()) / 1000))
      setLeft(remaining)
      if (remaining === 0) clearInterval(timer)
    }, 500)
    return () => clearInterval(timer)
  }, [since, seconds])
  return left
}
