import { useNow } from "@latchkey/react/internal"
import { formats } from "../formatTime.ts"

/** A time such as "3 minutes ago", or, for the end of something, "tomorrow, 4:32 PM", with the exact time on hover. */
export function RelativeTime({ time, kind = "past" }: { time: Date; kind?: "past" | "end" }) {
  const now = useNow()
  return (
    <time dateTime={time.toISOString()} title={formats.exact(time)} className="whitespace-nowrap">
      {formats[kind](time, now)}
    </time>
  )
}
