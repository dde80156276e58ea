import { isImportedPrefix, isKeyPrefix, parseKey } from "@latchkey/auth"
import { normalizeKnownEmail } from "@latchkey/contract"
import { rateLimit } from "@latchkey/contract/schemas"
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

/** A key that is part of the configuration. */
export const configuredKey = z.string().refine((text) => parseKey(text) !== null && new Set(text).size >= 8, {
  error: "expected random keys of 64 hex digits, separated by commas; make one with: openssl rand -hex 32",
})

const ORIGIN_RULE = "expected origins such as https://app.company.tld, separated by commas"

/** The origin of a page, as browsers send it. */
export const origin = z
  .string({ error: ORIGIN_RULE })
  .refine((text) => /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@*\\]+$/i.test(text) && URL.canParse(text), {
    error: ORIGIN_RULE,
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

const matching = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error })

/** RFC 6749, section 3.3. Latchkey's own scopes are not for products to declare. */
const scope = matching(
  /^(?!latchkey:)[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,100}$/,
  "expected scopes such as reports:read, without spaces, quotes, commas or backslashes, and none that begins with latchkey:",
)

const subject = matching(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it excludes
  /^[^\u0000-\u001f\u007f-\u009f]{1,255}$/u,
  "expected 1 to 255 characters, without control characters",
)

/** The name of an issuer other than Latchkey itself. */
export const issuer = matching(
  /^(?!latchkey(:|$))[\x21-\x7e]{1,255}$/,
  "expected 1 to 255 visible ASCII characters, and not latchkey",
)

/** The scopes of a product. */
export const scopes = z
  .array(scope, { error: "expected a list of scopes" })
  .refine((all) => new Set(all).size === all.length, { error: "expected each scope once" })

/** The administrators beside those by role. */
export const adminSubjects = z.array(z.strictObject({ issuer, subject }), {
  error: "expected a list of { issuer, subject }",
})

const KEY_PREFIX_RULE = "expected 2 to 20 characters of a-z, 0-9 and _, the last of them no _"

export const keyPrefix = z.string({ error: KEY_PREFIX_RULE }).refine(isKeyPrefix, { error: KEY_PREFIX_RULE })

const IMPORTED_PREFIX_RULE =
  "expected how keys begin, with 3 to 50 visible ASCII characters each, no commas, and not eyJ as JWTs do; or *"

/** How imported keys begin. */
export const importedKeyPrefix = z
  .string({ error: IMPORTED_PREFIX_RULE })
  .refine(isImportedPrefix, { error: IMPORTED_PREFIX_RULE })

const KEY_RATE_LIMIT_RULE =
  "expected limit/seconds such as 1000/60: up to 1000000000 calls in up to 86400 seconds"

/** How many calls a key may make in how many seconds: as text, or as in the API. */
export const keyRateLimit = z.unknown().transform((value, { addIssue }) => {
  const text = typeof value === "string" && /^(\d{1,10})\/(\d{1,5})$/.exec(value)
  const { data } = rateLimit.safeParse(text ? { limit: Number(text[1]), window: Number(text[2]) } : value)
  if (data) return data
  addIssue(KEY_RATE_LIMIT_RULE)
  return z.NEVER
})

const PUBLIC_URL_RULE = "expected an http or https URL"

/** The URL at which users reach the server. */
export const publicUrl = z
  .string({ error: PUBLIC_URL_RULE })
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: PUBLIC_URL_RULE,
  })
