import { z } from "zod"
import { normalizeEmail, normalizeKnownEmail } from "./email.ts"

export const noOutput = z.void()

const emailBy = (normalize: (text: string) => string | null) =>
  z
    .string()
    .meta({ format: "email", maxLength: 254 })
    .transform((text, { addIssue }) => {
      const email = normalize(text)
      if (email !== null) return email
      addIssue("must be an email address of at most 254 characters, its part before the @ in ASCII")
      return z.NEVER
    })

/** The email of a new account. */
export const newEmail = emailBy(normalizeEmail)

/** The email of an account that should exist; accounts of earlier versions may have others. */
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

export const user = z.object({
  id: z.string(),
  email: z.string(),
  role: z.enum(["user", "admin"]),
  createdAt: z.date(),
})

export const listedUser = user.extend({ disabledAt: z.date().nullable(), activeKeys: z.int() })

export const signedIn = z.object({
  user,
  accessToken: z.string(),
  accessTokenExpiresAt: z.date(),
  /** Omitted when it is in a cookie. */
  refreshToken: z.string().optional(),
})

export const apiKey = z.object({
  id: z.string(),
  label: z.string(),
  start: z.string(),
  createdAt: z.date(),
  lastUsedAt: z.date().nullable(),
  expiresAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
})

export const ownedApiKey = apiKey.extend({
  owner: z.object({ id: z.string(), email: z.string(), disabledAt: z.date().nullable() }),
})

/** A search term, possibly empty. */
export const searchUpTo = (length: number) =>
  z
    .string()
    .trim()
    .max(length, { error: `must have at most ${length} characters` })
    .refine((text) => text.isWellFormed() && !text.includes("\0"), { error: "must be valid Unicode" })

/** Part of a label, possibly empty. */
export const search = searchUpTo(100)

/** What every list that is read page by page takes. */
export const page = { cursor: z.string().nullish(), limit: z.int().min(1).max(100).default(50) }

/**
 * The input of a list that is read page by page, which may be left out. TanStack's infinite queries add a
 * `direction` to what they send over tRPC (trpc/trpc#5514). It says why a page is read, and which one is for the
 * cursor to say, so it is dropped.
 */
export const paged = <Input extends z.ZodObject>(input: Input) =>
  z.preprocess((sent: z.input<Input> | undefined) => withoutDirection(sent), input)

function withoutDirection(sent: unknown): unknown {
  if (sent === undefined) return {}
  if (typeof sent !== "object" || sent === null || !("direction" in sent)) return sent
  const { direction, ...input } = sent
  return direction === "forward" || direction === "backward" ? input : sent
}

export const auditKind = z.enum([
  "registered",
  "loggedIn",
  "loginFailed",
  "refreshTokenReused",
  "loggedOut",
  "sessionRevoked",
  "otherSessionsRevoked",
  "oldestSessionsEnded",
  "passwordChanged",
  "passwordChangeFailed",
  "apiKeyCreated",
  "apiKeyRevoked",
  "userDisabled",
  "userEnabled",
])

export const auditEvent = z.object({
  id: z.string(),
  kind: auditKind,
  createdAt: z.date(),
  lastAt: z.date(),
  count: z.int(),
  via: z.enum(["password", "session", "apiKey", "refreshToken"]),
  credentialId: z.string().nullable(),
  byAdministrator: z.boolean(),
  address: z.string().nullable(),
  device: z.string().nullable(),
  requestId: z.string(),
  subject: z.object({ id: z.string(), label: z.string().nullable() }).nullable(),
})

export const session = z.object({
  id: z.string(),
  device: z.string().nullable(),
  createdAt: z.date(),
  lastUsedAt: z.date(),
  current: z.boolean(),
})
