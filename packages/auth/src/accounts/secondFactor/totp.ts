import { randomBytes } from "node:crypto"
import { Secret, TOTP } from "otpauth"

/** RFC 4226, section 4, requires 128 bits and recommends 160. */
const SECRET_BYTES = 20

/** The parameters that all authenticator apps support (RFC 6238, sections 1.2 and 5.2). */
const FORMAT = { algorithm: "SHA1", digits: 6, period: 30 } as const

/** Steps before and after the current one, for clocks that are wrong (RFC 6238, section 5.2). */
const WINDOW = 1

export const newTotpSecret = (): Buffer => randomBytes(SECRET_BYTES)

const totpOf = (secret: Uint8Array, label: { issuer?: string; label?: string } = {}) =>
  new TOTP({ ...FORMAT, ...label, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }) })

/** The secret in base32, for typing, and the URI that authenticator apps read from a QR code. */
export function describeTotp(secret: Uint8Array, { issuer, email }: { issuer: string; email: string }) {
  const totp = totpOf(secret, { issuer, label: email })
  return { secret: totp.secret.base32, uri: totp.toString() }
}

/** The time step of a code, or null if it is not one of the current codes. Spaces are ignored. */
export function stepOfCode(secret: Uint8Array, code: string, now = Date.now()): number | null {
  const token = code.replaceAll(" ", "")
  if (!/^\d{6}$/.test(token)) return null
  const totp = totpOf(secret)
  const delta = totp.validate({ token, window: WINDOW, timestamp: now })
  return delta === null ? null : totp.counter({ timestamp: now }) + delta
}
