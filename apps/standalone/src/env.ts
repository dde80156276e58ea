import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseTrustedIssuers } from "@latchkey/auth"
import { DEFAULT_SCHEMA, isSchemaName, SCHEMA_NAME_RULE } from "@latchkey/db"
import {
  adminEmail,
  adminSubjects,
  configuredKey,
  databaseUrl,
  importedKeyPrefix,
  issuer,
  keyPrefix,
  keyRateLimit,
  origin,
  publicUrl,
  scopes,
  secret,
} from "@latchkey/server/internal"
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

const list = (item: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(item))
    .default([])

const keys = (atMost: number) =>
  list(configuredKey)
    .refine((all) => all.length <= atMost, { error: `expected at most ${atMost} keys` })
    .refine((all) => new Set(all).size === all.length, { error: "expected each key once" })

/** A variable that holds JSON. */
const json = <T>(item: z.ZodType<T>) =>
  z
    .string()
    .transform((text, { addIssue }): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        addIssue("expected JSON")
        return z.NEVER
      }
    })
    .pipe(item)

const trustedIssuers = z.unknown().transform((value, { addIssue }) => {
  const parsed = parseTrustedIssuers(value)
  if ("entries" in parsed) return parsed.entries
  addIssue(parsed.problems.join("; "))
  return z.NEVER
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
  PASSWORDS: oneOf(["on", "off"]).default("on"),
  REGISTRATION: oneOf(["open", "closed"]).default("open"),
  MAX_KEYS_PER_USER: wholeNumber(1, 1_000_000).default(100),
  MAX_KEY_LIFETIME_DAYS: wholeNumber(1, 36_500).optional(),
  ADMIN_EMAILS: list(adminEmail),
  ADMIN_SUBJECTS: json(adminSubjects).default([]),
  BOOTSTRAP_KEY: keys(2),
  INTROSPECTION_KEYS: keys(8),
  TRUSTED_ISSUERS: json(trustedIssuers).default([]),
  SERVED_ISSUERS: list(issuer).prefault("host"),
  SCOPES: list(z.string()).pipe(scopes),
  KEY_PREFIX: keyPrefix.optional(),
  IMPORTED_KEY_PREFIXES: list(importedKeyPrefix),
  KEY_RATE_LIMIT: keyRateLimit.optional(),
  PUBLIC_URL: publicUrl.optional(),
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
