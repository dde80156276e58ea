import { normalizeKnownEmail } from "@latchkey/contract"
import { DatabaseUrlError, parseDatabaseUrl } from "@latchkey/db"
import { z } from "zod"

// Values that can be configured, with messages that say what was expected and never repeat a value.

/** A secret that may sign tokens. */
export const secret = z
  .string({ error: "expected at least 32 random bytes; make them with: openssl rand -hex 32" })
  .refine((text) => !/[\s,]/.test(text), { error: "expected no whitespace or commas", abort: true })
  .refine((text) => Buffer.byteLength(text) >= 32, { error: "expected at least 32 bytes", abort: true })
  .refine((text) => !isPlaceholder(text), {
    error: "expected a random secret, not a placeholder; make one with: openssl rand -hex 32",
  })

/** Whether a secret looks like an example, or has too few different characters to be random. */
function isPlaceholder(text: string) {
  return (
    /change.?(me|this)|placeholder|replace|example|your.?(auth.?)?secret|super.?secret|password|latchkey/i.test(
      text,
    ) || new Set(text).size < 8
  )
}

/** The origin of a page, as browsers send it. */
export const origin = z
  .string()
  .refine((text) => /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@*\\]+$/i.test(text) && URL.canParse(text), {
    error: "expected origins such as https://app.company.tld, separated by commas",
  })
  .transform(toOrigin)

/**
 * An origin as browsers send it. `URL` knows the origins of web schemes only; that of an app or extension, such as
 * `capacitor://localhost`, is its scheme and host.
 */
function toOrigin(text: string) {
  const { origin, protocol, host } = new URL(text)
  return origin === "null" ? `${protocol}//${host}` : origin
}

export const adminEmail = z.string().transform((text, { addIssue }) => {
  const email = normalizeKnownEmail(text)
  if (email !== null) return email
  addIssue("expected email addresses of at most 254 characters, separated by commas")
  return z.NEVER
})

/** The URL of a PostgreSQL server. */
export const databaseUrl = z
  .string({ error: "expected a URL such as postgres://user:password@host:5432/database" })
  .superRefine((text, context) => {
    try {
      parseDatabaseUrl(text)
    } catch (error) {
      if (!(error instanceof DatabaseUrlError)) throw error
      context.addIssue({ code: "custom", message: error.message })
    }
  })
