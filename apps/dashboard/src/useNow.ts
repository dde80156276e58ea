import { useEffect, useState } from "react"

const INTERVAL = 15_000

/** Returns the current time, and rerenders often enough to keep "3 minutes ago" accurate. */
export function useNow(): number {
  const [, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), INTERVAL)
    return () => clearInterval(timer)
  }, [])
  return Date.now()
}
