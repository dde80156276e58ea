import { z } from "zod"

export const noOutput = z.void()

export const email = z.email({ error: "must be an email address" }).max(254).toLowerCase()

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

export const auditKind = z.enum([
  "registered",
  "loggedIn",
  "loginFailed",
  "refreshTokenReused",
  "loggedOut",
  "sessionRevoked",
  "otherSessionsRevoked",
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
