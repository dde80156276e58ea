import {
  account,
  credentials,
  currentPassword,
  emailVerification,
  newCredentials,
  passwordAndCode,
  passwordChange,
  passwordReset,
  passwordResetRequest,
  recoveryCodes,
  refresh,
  signedIn,
  signIn,
  totpCode,
  totpSetup,
} from "@latchkey/contract/schemas"
import { describe } from "./describe.ts"

const EMAIL = "The user's email address."
const SESSION =
  "`cookie` sets the refresh token as an `HttpOnly` cookie instead of returning it. Only for pages of Latchkey's own origin."
const TOTP = "The current code of the authenticator app: 6 digits, each valid once."
const RECOVERY_CODE = "One of the recovery codes, each valid once."

/** Describes the fields of accounts, sign-ins and second factors. */
export function describeAccounts() {
  describe(signedIn.shape.user.shape, {
    id: "The id of the user.",
    email: EMAIL,
    role: "What the user may do: `admin` for administrators.",
    createdAt: "When the account was created.",
  })
  describe(credentials.shape, {
    email: EMAIL,
    password: "The password.",
    session: SESSION,
  })
  describe(newCredentials.shape, { email: EMAIL })
  describe(signIn.shape, {
    email: EMAIL,
    password: "The password.",
    session: SESSION,
    challenge:
      "What the previous call returned with `SECOND_FACTOR_REQUIRED`. Stands for `email` and `password`.",
    totp: TOTP,
    recoveryCode: RECOVERY_CODE,
  })
  describe(currentPassword.shape, { currentPassword: "The current password." })
  describe(passwordAndCode.shape, {
    currentPassword: "The current password.",
    totp: TOTP,
    recoveryCode: RECOVERY_CODE,
  })
  describe(totpCode.shape, { totp: TOTP })
  describe(totpSetup.shape, {
    secret: "The secret in base32, for typing.",
    uri: "The `otpauth://` URI for a QR code.",
  })
  describe(recoveryCodes.shape, {
    recoveryCodes: "10 codes. Each can replace a TOTP code once.",
  })
  describe(account.shape, {
    emailVerified: "Whether the user has proved that the email is theirs.",
    canVerifyEmail: "Whether the server can send a link to verify the email.",
    secondFactor: "The state of the second factor.",
  })
  describe(account.shape.secondFactor.shape, {
    enabledAt: "When the second factor was set up; null without one.",
    recoveryCodes: "How many recovery codes are left.",
    required: "Whether the user needs a second factor to act as an administrator.",
  })
  describe(refresh.unwrap().shape, {
    refreshToken: "The newest refresh token of the session. Omit it to use the session cookie.",
  })
  describe(passwordChange.shape, {
    currentPassword: "The current password.",
    newPassword: "The new password.",
  })
  describe(passwordResetRequest.shape, { email: EMAIL })
  describe(emailVerification.shape, { token: "The token of the link, from its fragment." })
  describe(passwordReset.shape, {
    token: "The token of the link, from its fragment.",
    newPassword: "The new password.",
  })
  describe(signedIn.shape, {
    user: "The user who signed in.",
    accessToken: "A JWT, valid for minutes.",
    accessTokenExpiresAt: "When the access token expires.",
    refreshToken: "Valid for one refresh. Omitted if it is in a cookie.",
  })
}
