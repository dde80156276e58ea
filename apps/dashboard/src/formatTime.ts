const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" })
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" })
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" })

/** Formats a time as "3 minutes ago" or "in 2 days"; under a minute, as "just now" or "in a moment". */
export function formatRelative(time: Date, now: number): string {
  const seconds = (time.getTime() - now) / 1000
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit)
  }
  return time.getTime() > now ? "in a moment" : "just now"
}

/** Formats a wait as "12 seconds" or "15 minutes", rounded up. */
export function formatWait(seconds: number): string {
  const [count, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"]
  return `${count} ${unit}${count === 1 ? "" : "s"}`
}

/** Such as "Nov 22, 2026, 4:32:00 PM". */
export const formatExact = (time: Date) => exact.format(time)

/** Such as "Nov 22, 2026". */
export const formatDay = (time: Date) => day.format(time)
