import { customType, timestamp } from "drizzle-orm/pg-core"

/** Milliseconds, as in JavaScript's `Date`, so that cursors preserve a time exactly. */
export const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const xid8 = customType<{ data: string }>({ dataType: () => "xid8" })

export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" })
