import type { Formats } from "./formatTime.ts"

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const

/** A number of seconds in the largest unit that needs no fraction, such as "90 minutes". */
export function spanOf(seconds: number, formats: Formats): string {
  const [unit, length] = UNITS.find(([, length]) => seconds % length === 0) ?? UNITS[3]
  return formats.span(seconds / length, unit)
}
