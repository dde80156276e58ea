import { z } from "zod"

const MAX_STRINGS = 20
const MAX_BYTES = 2_048

const encoder = new TextEncoder()

/** What a product stores with a key: at most 20 strings, 2 KiB of UTF-8 together with their names. */
export const metadata = z
  .record(z.string().min(1), z.string())
  .refine((strings) => Object.keys(strings).length <= MAX_STRINGS, {
    error: `must have at most ${MAX_STRINGS} strings`,
  })
  .refine((strings) => sizeOf(strings) <= MAX_BYTES, { error: "must have at most 2 KiB together" })
  // PostgreSQL can't store NUL or lone surrogates.
  .refine((strings) => Object.entries(strings).flat().every(isStorable), { error: "must be valid Unicode" })

const sizeOf = (strings: Record<string, string>) =>
  Object.entries(strings)
    .flat()
    .reduce((bytes, text) => bytes + encoder.encode(text).length, 0)

const isStorable = (text: string) => text.isWellFormed() && !text.includes("\0")
