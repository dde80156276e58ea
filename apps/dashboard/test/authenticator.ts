import { Secret, TOTP } from "otpauth"

const STEP_MS = 30_000

/** The code that an app shows, a number of 30-second steps from now. */
export const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * STEP_MS })

/** A code that the app does not show. */
export const wrongCodeOf = (secret: string) => {
  const shown = [-1, 0, 1, 2].map((steps) => codeOf(secret, steps))
  return ["000000", "111111", "222222", "333333", "444444"].find((code) => !shown.includes(code)) ?? ""
}
