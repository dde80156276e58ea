import { randomUUID } from "node:crypto"

/** The form of the names of objects with lines. */
const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{8}\.ndjson$/

/** The name of a new object. Names sort by time. */
export const newName = (time: Date) =>
  `${time.toISOString().replaceAll(/[-:.]/g, "")}-${randomUUID().slice(0, 8)}.ndjson`

export const isObjectName = (name: string) => NAME.test(name)

/** When an object was created, in milliseconds; NaN for other names. */
export function createdAt(name: string): number {
  const [, year, month, day, hours, minutes, seconds, ms] = NAME.exec(name) ?? []
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${ms}Z`)
}
