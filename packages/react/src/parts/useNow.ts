import { useEffect, useState } from "react"

const INTERVAL = 15_000

/** The current time, updated often enough to keep "3 minutes ago" accurate. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), INTERVAL)
    return () => clearInterval(timer)
  }, [])
  return now
}
