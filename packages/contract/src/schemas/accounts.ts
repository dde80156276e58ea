import { z } from "zod"
import type {
  Account,
  CurrentPassword,
  PasswordChange,
  PasswordReset,
  RecoveryCodes,
  ResetLink,
  TotpSetup,
} from "../accountModels.ts"
import type { Me, Owner, User } from "../ownerModels.ts"
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
  manage: z.literal("read").optional(),
  apiKeyId: z.string().optional(),
}) satisfies z.ZodType<Me>

/** With `session: "cookie"`, the refresh token goes into a cookie instead of the response, out of reach of the page. */
export const credentials = z.strictObject({
  email,
  password: z.string(),
  session: z.literal("cookie").optional(),
})

export const newCredentials = credentials.extend({ email: newEmail })

/** Longer than any code with its separators. */
const code = z.string().max(100)

const codes = { totp: code.optional(), recoveryCode: code.optional() }

const hasOneCode = ({
  totp,
  recoveryCode,
}: {
  totp?: string | undefined
  recoveryCode?: string | undefined
}) => (totp === undefined) !== (recoveryCode === undefined)

const ONE_CODE = { error: "must have either totp or recoveryCode" }

/** Not a union, because a union's errors would not name unknown fields. Its own checks have the effect of one. */
export const signIn = z
  .strictObject({
    ...credentials.partial().shape,
    ...codes,
    challenge: z.string().max(100).optional(),
  })
  .superRefine((input, { addIssue }) => {
    if (input.challenge !== undefined) {
      if (!hasOneCode(input)) addIssue(ONE_CODE.error)
      return
    }
    for (const field of ["email", "password"] as const) {
      if (input[field] !== undefined) continue
      addIssue({
        code: "custom",
        path: [field],
        message: "Invalid input: expected string, received undefined",
      })
    }
    for (const field of ["totp", "recoveryCode"] as const) {
      if (input[field] !== undefined)
        addIssue({ code: "custom", path: [field], message: "needs a challenge" })
    }
  })
  // For the OpenAPI document: email and password, or a challenge and a code.
  .meta({ minProperties: 2 })

export const currentPassword = z.strictObject({
  currentPassword: z.string(),
}) satisfies z.ZodType<CurrentPassword>

export const passwordAndCode = z
  .strictObject({ currentPassword: z.string(), ...codes })
  .refine(hasOneCode, ONE_CODE)

export const totpCode = z.strictObject({ totp: code })

export const totpSetup = z.object({ secret: z.string(), uri: z.string() }) satisfies z.ZodType<TotpSetup>

export const recoveryCodes = z.object({
  recoveryCodes: z.array(z.string()),
}) satisfies z.ZodType<RecoveryCodes>

export const account = z.object({
  emailVerified: z.boolean(),
  canVerifyEmail: z.boolean(),
  secondFactor: z.object({
    enabledAt: z.date().nullable(),
    recoveryCodes: z.int(),
    required: z.boolean(),
  }),
}) satisfies z.ZodType<Account>

export const refresh = z.strictObject({ refreshToken: z.string().optional() }).default({})

export const passwordChange = z.strictObject({
  currentPassword: z.string(),
  newPassword: z.string(),
}) satisfies z.ZodType<PasswordChange>

export const passwordResetRequest = z.strictObject({ email })

export const passwordReset = z.strictObject({
  token: z.string(),
  newPassword: z.string(),
}) satisfies z.ZodType<PasswordReset>

export const emailVerification = z.strictObject({ token: z.string() })

export const resetLink = z.object({
  token: z.string(),
  url: z.string().nullable(),
  expiresAt: z.date(),
}) satisfies z.ZodType<ResetLink>

export const signedIn = z.object({
  user,
  accessToken: z.string(),
  accessTokenExpiresAt: z.date(),
  /** Omitted when it is in a cookie. */
  refreshToken: z.string().optional(),
})
