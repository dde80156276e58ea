import { formatExact, formatRelative } from "../formatTime.ts"
import { useNow } from "../useNow.ts"

/** A relative time such as "3 minutes ago", with the exact time on hover. */
export function RelativeTime({ time }: { time: Date }) {
  const now = useNow()
  return (
    <time dateTime={time.toISOString()} title={formatExact(time)} className="whitespace-nowrap">
      {formatRelative(time, now)}
    </time>
  )
}
