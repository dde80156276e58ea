const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Formats of times and numbers in a language. Times are in the reader's time zone. */
export interface Formats {
  /** A time in the past, such as "3 minutes ago", "yesterday" or "Nov 22, 2026". */
  past(time: Date, now: number): string
  /** When something ends: "today, 4:32 PM", "tomorrow, 4:32 PM", or a date. */
  end(time: Date, now: number): string
  /** Such as "Nov 22, 2026, 4:32:00 PM". */
  exact(time: Date): string
  /** Such as "Nov 22, 2026". */
  day(time: Date): string
  /** A day in UTC, such as "Nov 22", or in full with the weekday. */
  utcDay(date: string, style?: "short" | "full"): string
  number(count: number): string
  /** Such as "12 seconds" or "15 minutes", rounded up. */
  wait(seconds: number): string
  /** Such as "7 days" or "1 year". */
  span(count: number, unit: "second" | "minute" | "hour" | "day" | "year"): string
}

export function createFormats(locale: string): Formats {
  const date = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, options)
    return (time: Date) => format.format(time)
  }
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" })
  // English data has only "now", which does not fit after "created".
  const justNow = locale.startsWith("en") ? "just now" : relative.format(0, "second")
  const numbers = new Intl.NumberFormat(locale)
  const list = new Intl.ListFormat(locale, { type: "unit", style: "short" })
  const exact = date({ dateStyle: "medium", timeStyle: "medium" })
  const day = date({ dateStyle: "medium" })
  const time = date({ timeStyle: "short" })
  const utc = {
    short: date({ month: "short", day: "numeric", timeZone: "UTC" }),
    full: date({ dateStyle: "full", timeZone: "UTC" }),
  }
  const span: Formats["span"] = (count, unit) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(count)

  return {
    past(when, now) {
      const ago = now - when.getTime()
      if (ago < MINUTE) return justNow
      if (ago < HOUR) return relative.format(-Math.floor(ago / MINUTE), "minute")
      const days = calendarDays(when, now)
      if (days === 0 || ago < 6 * HOUR) return relative.format(-Math.floor(ago / HOUR), "hour")
      return days > -7 ? relative.format(days, "day") : day(when)
    },
    end(when, now) {
      const days = calendarDays(when, now)
      if (Math.abs(days) > 1) return day(when)
      return list.format([relative.format(days, "day"), time(when)])
    },
    exact,
    day,
    utcDay: (text, style = "short") => utc[style](new Date(`${text}T00:00:00Z`)),
    number: (count) => numbers.format(count),
    wait: (seconds) => (seconds < 90 ? span(seconds, "second") : span(Math.ceil(seconds / 60), "minute")),
    span,
  }
}

/** The number of days in the reader's calendar, however many hours that is. */
function calendarDays(time: Date, now: number): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return (midnight(time) - midnight(new Date(now))) / (24 * HOUR)
}
