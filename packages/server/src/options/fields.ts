import { isImportedPrefix, isKeyPrefix, parseKey } from "@latchkey/auth"
import { normalizeKnownEmail } from "@latchkey/contract"
import { rateLimit } from "@latchkey/contract/schemas"
import { DatabaseUrlError, parseDatabaseUrl } from "@latchkey/db"
import { z } from "zod"
import { findPlaceProblem } from "../restoreLog/sinks/place.ts"

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

/** RFC 6749, section 3.3. Products can't declare Latchkey's own scopes. */
const scope = matching(
  /^(?!latchkey:)[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,100}$/,
  "expected scopes such as reports:read, without spaces, quotes, commas or backslashes, and none that begins with latchkey:",
)

/** The id of an owner, as its issuer knows it. */
export const subject = matching(
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

/** The administrators in addition to those by role. */
export const adminSubjects = z.array(z.strictObject({ issuer, subject }), {
  error: "expected a list of { issuer, subject }",
})

const KEY_PREFIX_RULE = "expected 2 to 20 characters of a-z, 0-9 and _, not ending with _"

export const keyPrefix = z.string({ error: KEY_PREFIX_RULE }).refine(isKeyPrefix, { error: KEY_PREFIX_RULE })

const IMPORTED_PREFIX_RULE =
  "expected prefixes of keys, with 3 to 50 visible ASCII characters each, without commas, and not eyJ, which JWTs begin with; or *"

/** The prefixes of imported keys. */
export const importedKeyPrefix = z
  .string({ error: IMPORTED_PREFIX_RULE })
  .refine(isImportedPrefix, { error: IMPORTED_PREFIX_RULE })

const KEY_RATE_LIMIT_RULE =
  "expected limit/seconds such as 1000/60: up to 1000000000 calls in up to 86400 seconds"

/** How many calls a key may make in how many seconds: as text, or in the format of the API. */
export const keyRateLimit = z.unknown().transform((value, { addIssue }) => {
  const text = typeof value === "string" && /^(\d{1,10})\/(\d{1,5})$/.exec(value)
  const { data } = rateLimit.safeParse(text ? { limit: Number(text[1]), window: Number(text[2]) } : value)
  if (data) return data
  addIssue(KEY_RATE_LIMIT_RULE)
  return z.NEVER
})

const PUBLIC_URL_RULE = "expected an http or https URL without credentials, query and fragment"

/** The URL at which users reach the server. */
export const publicUrl = z.string({ error: PUBLIC_URL_RULE }).refine(isSite, { error: PUBLIC_URL_RULE })

/** Whether a path can be appended to a text to make the URL of a page. */
function isSite(text: string): boolean {
  if (!URL.canParse(text) || /[?#]/.test(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === "" && password === ""
}

const PRODUCT_NAME_RULE = "expected 1 to 60 characters, without control characters"

const LOGO_RULE =
  "expected the https URL of an image, or its path such as /logo.svg on the server's own origin, without a query"

/** Whether a text is the URL of an image that a page policy can name, and that is loaded over TLS. */
function isLogo(text: string): boolean {
  if (text.length > 2_000 || /[\s?#]/.test(text)) return false
  if (text.startsWith("/")) return /^\/(?![/\\])/.test(text)
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username } = new URL(text)
  const isPrivate = protocol === "https:" || (protocol === "http:" && hostname === "localhost")
  return isPrivate && username === ""
}

/** The product whose users the dashboard serves. */
export const product = {
  name: z
    .string({ error: PRODUCT_NAME_RULE })
    .trim()
    .regex(/^[^\p{Cc}]{1,60}$/u, { error: PRODUCT_NAME_RULE }),
  logo: z.string({ error: LOGO_RULE }).refine(isLogo, { error: LOGO_RULE }),
  accentColor: matching(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i, "expected a color such as #0b7285"),
  apiUrl: publicUrl.transform((text) => text.replace(/\/+$/, "")),
}

const TIME_RULE = "expected a time in the past, such as 2026-11-27T12:00:00Z"

/** A time that is over. */
export const time = z.iso
  .datetime({ offset: true, error: TIME_RULE })
  .refine((text) => Date.parse(text) <= Date.now(), { error: TIME_RULE })

/** Where a restore log is. */
export const restoreLog = z
  .string({ error: "expected a directory, an https URL, or command: and a program" })
  .superRefine((place, context) => {
    const message = findPlaceProblem(place)
    if (message !== undefined) context.addIssue({ code: "custom", message })
  })

/** RFC 6750, section 2.1. */
export const bearerToken = matching(
  /^[A-Za-z0-9._~+/-]+=*$/,
  "expected a token of letters, digits and . _ ~ + / - =",
)
