import type { User } from "./ownerModels.ts"

export interface SignInInput {
  email: string
  password: string
}

/**
 * Keeps the refresh token out of reach of scripts, in a cookie that only `auth.refresh` and `auth.logout` read. Only
 * for pages served by the Latchkey server itself.
 */
export interface CookieSignInInput extends SignInInput {
  session: "cookie"
}

/** The ways to complete a sign-in with the right password: an authenticator app's code, or a recovery code. */
export type SecondFactorMethod = "totp" | "recoveryCode"

/** A code of an authenticator app, or a recovery code. */
export type SecondFactorCode =
  | { totp: string; recoveryCode?: undefined }
  | { recoveryCode: string; totp?: undefined }

/** Completes a sign-in that failed with `SECOND_FACTOR_REQUIRED`. */
export type SecondFactorAnswer = SecondFactorCode & {
  /** From the error. */
  challenge: string
  /** May be left out: the challenge stands for both. */
  email?: string | undefined
  password?: string | undefined
}

/** The same with the refresh token in a cookie. */
export type CookieSecondFactorAnswer = SecondFactorAnswer & { session: "cookie" }

export interface CurrentPassword {
  currentPassword: string
}

/** The data for an authenticator app, shown once. */
export interface TotpSetup {
  /** In base32, for typing. */
  secret: string
  /** `otpauth://…`, for a QR code. */
  uri: string
}

/** Each replaces a TOTP code once. They are shown only once. */
export interface RecoveryCodes {
  recoveryCodes: string[]
}

/** How the caller's account is protected. */
export interface Account {
  /** Whether the user has proved that the email is theirs. */
  emailVerified: boolean
  /** Whether the server can send a link to verify it. */
  canVerifyEmail: boolean
  secondFactor: {
    /** When it was set up; null without one. */
    enabledAt: Date | null
    /** How many recovery codes are left. */
    recoveryCodes: number
    /** Whether the account must have one to act as an administrator. */
    required: boolean
  }
}

/** The result of signing in, registering or refreshing. */
export interface SignedIn {
  user: User
  /** A JWT, valid for minutes. */
  accessToken: string
  accessTokenExpiresAt: Date
  /** Valid for one refresh. Always store the newest: reusing an older one ends the session. */
  refreshToken: string
}

/** The same, with the refresh token in a cookie. */
export type CookieSignedIn = Omit<SignedIn, "refreshToken">

export interface PasswordChange {
  currentPassword: string
  newPassword: string
}

/** Sets a new password with a link. */
export interface PasswordReset {
  /** From the fragment of the link. */
  token: string
  newPassword: string
}

/** A link that sets a user's password, shown once. */
export interface ResetLink {
  token: string
  /** The page of the dashboard for the token; null if the server's `PUBLIC_URL` is not set. */
  url: string | null
  expiresAt: Date
}
