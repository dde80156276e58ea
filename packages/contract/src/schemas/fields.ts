import { z } from "zod"
import { normalizeEmail, normalizeKnownEmail } from "../email.ts"

export const noOutput = z.void()

const emailBy = (normalize: (text: string) => string | null) =>
  z
    .string()
    .meta({ format: "email", maxLength: 254 })
    .transform((text, { addIssue }) => {
      const email = normalize(text)
      if (email !== null) return email
      addIssue("must be an email address of at most 254 characters, with only ASCII before the @")
      return z.NEVER
    })

/** The email of a new account. */
export const newEmail = emailBy(normalizeEmail)

/** The email of an existing account. Earlier versions accepted other emails too. */
export const email = emailBy(normalizeKnownEmail)

/** Unicode without control characters or lone surrogates. PostgreSQL can't store NUL or lone surrogates. */
export const label = z
  .string()
  .trim()
  .refine((text) => text !== "" && [...text].length <= 100, { error: "must have 1 to 100 characters" })
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), {
    error: "must not contain control characters",
  })

/** A `Date`, or an ISO 8601 string with a zone, since JSON has no dates. */
export const instant = z
  .union([z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))], {
    error: "must be a time in ISO 8601 with a zone",
  })
  // PostgreSQL can't parse the format that JavaScript uses for later years.
  .refine((time) => time.getUTCFullYear() < 10_000, { error: "must be before the year 10000" })

/** When a key expires: also a date, which stands for the end of that day in UTC. */
export const expiry = z
  .union(
    [
      z.date(),
      z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
      z.iso.date().transform((date) => new Date(`${date}T23:59:59.999Z`)),
    ],
    { error: "must be a time in ISO 8601 with a zone, or a date" },
  )
  .refine((time) => time.getUTCFullYear() < 10_000, { error: "must be before the year 10000" })

/** An id of a key, session or user. Any short text is accepted: an unknown id is not found, not invalid. */
export const id = z.strictObject({ id: z.string().min(1).max(100) })

/** A search term, possibly empty. */
export const searchUpTo = (length: number) =>
  z
    .string()
    .trim()
    .max(length, { error: `must have at most ${length} characters` })
    .refine((text) => text.isWellFormed() && !text.includes("\0"), { error: "must be valid Unicode" })

/** Part of a label, possibly empty. */
export const search = searchUpTo(100)
