import { z } from "zod"
import type { Me, Owner, PasswordChange, User } from "../models.ts"
import { email, newEmail } from "./fields.ts"

export const user = z.object({
  id: z.string(),
  email: z.string(),
  role: z.enum(["user", "admin"]),
  createdAt: z.date(),
}) satisfies z.ZodType<User>

export const owner = z.object({
  id: z.string(),
  issuer: z.string(),
  subject: z.string(),
  email: z.string().nullable(),
  role: z.enum(["user", "admin"]),
  createdAt: z.date().nullable(),
}) satisfies z.ZodType<Owner>

export const me = owner.extend({
  actor: z.string().optional(),
  scopes: z.array(z.string()),
  via: z.enum(["jwt", "apiKey", "host"]),
  apiKeyId: z.string().optional(),
}) satisfies z.ZodType<Me>

/** With `session: "cookie"`, the refresh token goes into a cookie instead of the response, out of reach of the page. */
export const credentials = z.strictObject({
  email,
  password: z.string(),
  session: z.literal("cookie").optional(),
})

export const newCredentials = credentials.extend({ email: newEmail })

export const refresh = z.strictObject({ refreshToken: z.string().optional() }).default({})

export const passwordChange = z.strictObject({
  currentPassword: z.string(),
  newPassword: z.string(),
}) satisfies z.ZodType<PasswordChange>

export const signedIn = z.object({
  user,
  accessToken: z.string(),
  accessTokenExpiresAt: z.date(),
  /** Omitted when it is in a cookie. */
  refreshToken: z.string().optional(),
})
