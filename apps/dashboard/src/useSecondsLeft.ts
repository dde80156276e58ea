import { useEffect, useState } from "react"

/** Counts down from `seconds`, anew for each `since`. */
export function useSecondsLeft(since: unknown, seconds: number): number {
  const [left, setLeft] = useState(seconds)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another `since` of as many seconds begins anew.
  useEffect(() => {
    const end = performance.now() + seconds * 1000
    setLeft(seconds)
    const timer = setInterval(() => {
      const rest = Math.max(0, Math.ceil((end - performance.now()) / 1000))
      setLeft(rest)
      if (rest === 0) clearInterval(timer)
    }, 500)
    return () => clearInterval(timer)
  }, [since, seconds])
  return left
}
