import { useLanguage } from "../strings/context.ts"
import { useNow } from "./useNow.ts"

interface Props {
  time: Date
  /** `past` and `end` may be shown relative to now. */
  kind?: "past" | "end" | "day"
  /** The sentence around the time. */
  as?: (text: string) => string
}

/** A time in words, with the exact time on hover. */
export function Time({ time, kind = "past", as = (text) => text }: Props) {
  const { formats } = useLanguage()
  const now = useNow()
  const text = kind === "day" ? formats.day(time) : formats[kind](time, now)
  return (
    <time dateTime={time.toISOString()} title={formats.exact(time)}>
      {as(text)}
    </time>
  )
}
