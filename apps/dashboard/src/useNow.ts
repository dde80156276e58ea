import { useEffect, useState } from "react"

/** The time, often enough for "3 minutes ago" to stay true. */
export function useNow(interval = 15_000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), interval)
    return () => clearInterval(timer)
  }, [interval])
  return now
}
