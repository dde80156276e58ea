import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseTrustedIssuers } from "@latchkey/auth"
import { normalizeKnownEmail } from "@latchkey/contract"
import { DEFAULT_SCHEMA, isSchemaName, SCHEMA_NAME_RULE } from "@latchkey/db"
import {
  adminEmail,
  adminSubjects,
  bearerToken,
  configuredKey,
  databaseUrl,
  findFenceProblem,
  importedKeyPrefix,
  isFolder,
  issuer,
  keyPrefix,
  keyRateLimit,
  origin,
  product,
  publicUrl,
  restoreLog,
  scopes,
  secret,
  time,
} from "@latchkey/server/internal"
import { z } from "zod"
import { smtpUrl } from "./mail/smtpUrl.ts"

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

const workers = z.union([z.literal("auto"), wholeNumber(1, 256)], {
  error: "expected auto, or a whole number from 1 to 256",
})

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

const sender = z.string().transform((text, { addIssue }) => {
  const [, name = "", address = text] = /^([^<>"\r\n]*)<([^<>]+)>$/.exec(text) ?? []
  const email = normalizeKnownEmail(address.trim())
  if (email !== null) return { name: name.trim(), address: email }
  addIssue("expected an email address, or a name and an address such as Acme <keys@company.tld>")
  return z.NEVER
})

const Env = z.object({
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: z.string().default("127.0.0.1"),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  KEEP_ALIVE_TIMEOUT: wholeNumber(1, 86_400).default(75),
  WORKERS: workers.default(1),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_CONNECTIONS: wholeNumber(1, 1_000).default(10),
  DATABASE_SCHEMA: z.string().refine(isSchemaName, { error: SCHEMA_NAME_RULE }).default(DEFAULT_SCHEMA),
  REQUIRE_SYNCHRONOUS: oneOf(["on", "off"]).default("off"),
  VERIFY_LEASE: wholeNumber(0, 10).default(0),
  VERIFY_LEASE_CACHE: oneOf(["on", "off"]).default("on"),
  REVOCATION_FENCE: oneOf(["off", "standby"]).default("off"),
  REVOCATION_FENCE_URL: databaseUrl.optional(),
  RESTORE_LOG: restoreLog.transform((place) => (isFolder(place) ? resolve(place) : place)).optional(),
  RESTORE_LOG_TOKEN: bearerToken.optional(),
  AFTER_RESTORE: time.optional(),
  DATA_DIR: z
    .string()
    .transform((folder) => resolve(folder))
    .default(resolve(root, ".latchkey")),
  AUTH_SECRET: secret.optional(),
  AUTH_SECRET_PREVIOUS: list(secret),
  ACCESS_TOKEN_TTL: wholeNumber(1, 86_400).default(900),
  REFRESH_TOKEN_TTL: wholeNumber(1, 315_360_000).default(2_592_000),
  SESSION_IDLE_TTL: wholeNumber(1, 315_360_000).optional(),
  BCRYPT_COST: wholeNumber(10, 14).default(10),
  PASSWORDS: oneOf(["on", "off"]).default("on"),
  REGISTRATION: oneOf(["open", "closed"]).default("open"),
  MAX_KEYS_PER_USER: wholeNumber(1, 1_000_000).default(100),
  MAX_KEY_LIFETIME_DAYS: wholeNumber(1, 36_500).optional(),
  ADMIN_EMAILS: list(adminEmail),
  ADMIN_SECOND_FACTOR: oneOf(["optional", "required"]).default("optional"),
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
  PRODUCT_NAME: product.name.default("Latchkey"),
  PRODUCT_LOGO_URL: product.logo.optional(),
  PRODUCT_ACCENT_COLOR: product.accentColor.optional(),
  PRODUCT_API_URL: product.apiUrl.optional(),
  SMTP_URL: smtpUrl.optional(),
  SMTP_FROM: sender.optional(),
  AUDIT_RETENTION_DAYS: wholeNumber(1, 36_500).default(365),
  CORS_ORIGINS: list(origin),
  TRUST_PROXY: wholeNumber(0, 100).default(0),
  RATE_LIMIT_FACTOR: wholeNumber(1, 1_000_000).default(1),
  LOG_LEVEL: oneOf(LOG_LEVELS).default("info"),
})

export type Env = z.output<typeof Env> & {
  /** All variables, for a command that keeps the restore log. */
  environment: NodeJS.ProcessEnv
}

/** The configuration is invalid. There is one problem per invalid variable, and none contains a value. */
export class EnvError extends Error {
  override name = "EnvError"
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join("\n"))
    this.problems = problems
  }
}

/** A worker reads over one connection while another waits for a write. */
const CONNECTIONS_PER_WORKER = 2

/** The highest number of workers that can share this many connections to the database. */
export const mostWorkers = (connections: number) =>
  Math.max(1, Math.floor(connections / CONNECTIONS_PER_WORKER))

const VARIABLES_OF_FENCE = {
  revocationFence: "REVOCATION_FENCE",
  revocationFenceUrl: "REVOCATION_FENCE_URL",
} as const

const fenceOptionsOf = (env: z.output<typeof Env>) => ({
  databaseUrl: env.DATABASE_URL,
  revocationFence: env.REVOCATION_FENCE,
  revocationFenceUrl: env.REVOCATION_FENCE_URL,
  verifyLease: env.VERIFY_LEASE,
})

/** Clients refresh once an access token is rejected, which is up to 30 seconds after it has expired. */
const leavesTimeToRefresh = ({ SESSION_IDLE_TTL, ACCESS_TOKEN_TTL }: z.output<typeof Env>) =>
  SESSION_IDLE_TTL === undefined || SESSION_IDLE_TTL >= ACCESS_TOKEN_TTL + 60

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
  if (given.SMTP_URL && !given.PUBLIC_URL) {
    problems.set("PUBLIC_URL", "required with SMTP_URL, for the links in mails")
  }
  if (given.REQUIRE_SYNCHRONOUS === "on" && !given.DATABASE_URL) {
    problems.set(
      "REQUIRE_SYNCHRONOUS",
      "expected off without DATABASE_URL; the embedded database has no standby",
    )
  }
  if (result.success && result.data.VERIFY_LEASE > 0 && !given.DATABASE_URL) {
    problems.set(
      "VERIFY_LEASE",
      "expected 0 without DATABASE_URL; one process has the embedded database to itself",
    )
  }
  const fence = result.success && findFenceProblem(fenceOptionsOf(result.data))
  if (fence) problems.set(VARIABLES_OF_FENCE[fence.option], fence.message)
  if (result.success && !leavesTimeToRefresh(result.data)) {
    problems.set(
      "SESSION_IDLE_TTL",
      "expected at least 60 more than ACCESS_TOKEN_TTL, so that clients refresh in time",
    )
  }
  if (result.success && given.DATABASE_URL) {
    const { WORKERS, DATABASE_CONNECTIONS } = result.data
    const most = mostWorkers(DATABASE_CONNECTIONS)
    if (WORKERS !== "auto" && WORKERS > most) {
      problems.set(
        "WORKERS",
        `expected at most ${most}, as each worker needs ${CONNECTIONS_PER_WORKER} of DATABASE_CONNECTIONS`,
      )
    }
  }
  if (result.success && problems.size === 0) return { ...result.data, environment: variables }
  throw new EnvError([...problems].map(([name, message]) => `${name}: ${message}`))
}
