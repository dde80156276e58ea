import { useEffect, useState } from "react"

const INTERVAL = 15_000

/** The time, drawn again often enough for "3 minutes ago" to stay true. */
export function useNow(): number {
  const [, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), INTERVAL)
    return () => clearInterval(timer)
  }, [])
  return Date.now()
}
