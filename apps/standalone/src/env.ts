import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { normalizeKnownEmail } from "@latchkey/contract"
import {
  DatabaseUrlError,
  DEFAULT_SCHEMA,
  isSchemaName,
  parseDatabaseUrl,
  SCHEMA_NAME_RULE,
} from "@latchkey/db"
import { z } from "zod"

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const

/** The repository's root; the path is the same from `src` and `dist`. */
const root = fileURLToPath(new URL("../../..", import.meta.url))

function wholeNumber(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, { error, abort: true })
    .transform(Number)
    .pipe(z.number().min(min, { error }).max(max, { error }))
}

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `expected one of ${values.join(", ")}` })

const secret = z
  .string()
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

const list = (item: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(item))
    .default([])

const origin = z
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

const adminEmail = z.string().transform((text, { addIssue }) => {
  const email = normalizeKnownEmail(text)
  if (email !== null) return email
  addIssue("expected email addresses of at most 254 characters, separated by commas")
  return z.NEVER
})

const databaseUrl = z.string().superRefine((text, context) => {
  try {
    parseDatabaseUrl(text)
  } catch (error) {
    if (!(error instanceof DatabaseUrlError)) throw error
    context.addIssue({ code: "custom", message: error.message })
  }
})

const Env = z.object({
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: z.string().default("127.0.0.1"),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  KEEP_ALIVE_TIMEOUT: wholeNumber(1, 86_400).default(75),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_SCHEMA: z.string().refine(isSchemaName, { error: SCHEMA_NAME_RULE }).default(DEFAULT_SCHEMA),
  DATA_DIR: z
    .string()
    .transform((folder) => resolve(folder))
    .default(resolve(root, ".latchkey")),
  AUTH_SECRET: secret.optional(),
  AUTH_SECRET_PREVIOUS: list(secret),
  ACCESS_TOKEN_TTL: wholeNumber(1, 86_400).default(900),
  REFRESH_TOKEN_TTL: wholeNumber(1, 315_360_000).default(2_592_000),
  BCRYPT_COST: wholeNumber(10, 14).default(10),
  REGISTRATION: oneOf(["open", "closed"]).default("open"),
  MAX_KEYS_PER_USER: wholeNumber(1, 1_000_000).default(100),
  ADMIN_EMAILS: list(adminEmail),
  AUDIT_RETENTION_DAYS: wholeNumber(1, 36_500).default(365),
  CORS_ORIGINS: list(origin),
  TRUST_PROXY: wholeNumber(0, 100).default(0),
  RATE_LIMIT_FACTOR: wholeNumber(1, 1_000_000).default(1),
  LOG_LEVEL: oneOf(LOG_LEVELS).default("info"),
})

export type Env = z.output<typeof Env>

/** The configuration is invalid. There is one problem per invalid variable, and none contains a value. */
export class EnvError extends Error {
  override name = "EnvError"
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join("\n"))
    this.problems = problems
  }
}

/**
 * Reads the configuration from environment variables. An empty variable counts as unset.
 *
 * @throws {EnvError} with every invalid variable.
 */
export function readEnv(variables: NodeJS.ProcessEnv): Env {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""))
  const result = Env.safeParse(given)
  const problems = new Map(result.error?.issues.map(({ path, message }) => [String(path[0]), message]))
  // Zod would skip a check of the object if a field is invalid.
  if (given.DATABASE_URL && !given.AUTH_SECRET) {
    problems.set("AUTH_SECRET", "required with DATABASE_URL; make one with: openssl rand -hex 32")
  }
  if (result.success && problems.size === 0) return result.data
  throw new EnvError([...problems].map(([name, message]) => `${name}: ${message}`))
}
