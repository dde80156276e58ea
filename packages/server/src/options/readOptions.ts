import { parseTrustedIssuers } from "@latchkey/auth"
import { isSchemaName, SCHEMA_NAME_RULE } from "@latchkey/db"
import { z } from "zod"
import {
  adminSubjects,
  bearerToken,
  databaseUrl,
  importedKeyPrefix,
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
} from "./fields.ts"
import type { Identify, LatchkeyServerOptions, Logger, ScopesOf } from "./options.ts"
import { OptionsError } from "./optionsError.ts"
import { findFenceProblem } from "./revocationFence.ts"

const isFunction = (value: unknown) => typeof value === "function"

const fn = <T>() => z.custom<T>(isFunction, { error: "expected a function" })

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `expected ${values.map((value) => `"${value}"`).join(" or ")}` })

const wholeNumber = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

const logger = z.custom<Logger>(
  (value) =>
    ["info", "warn", "error"].every((name) => isFunction((value as Logger | null)?.[name as "info"])),
  { error: "expected a logger such as pino's, with info, warn and error" },
)

/** The name of the dashboard if the product has set none. */
const DEFAULT_PRODUCT = { name: "Latchkey" }

const BASE_PATH_RULE = "expected a path such as /latchkey, without a slash at its end"

const Options = z
  .strictObject({
    databaseUrl: databaseUrl.optional(),
    database: z.literal("embedded", { error: 'expected "embedded"' }).optional(),
    secret,
    previousSecret: z
      .union([secret.transform((one) => [one]), z.array(secret)], {
        error: "expected a secret, or a list of secrets, of at least 32 random bytes each",
      })
      .default([]),
    scopes: scopes.default([]),
    keyPrefix: keyPrefix.optional(),
    importedKeyPrefixes: z.array(importedKeyPrefix, { error: "expected a list of prefixes" }).default([]),
    maxKeysPerOwner: wholeNumber(1, 1_000_000).default(100),
    maxKeyLifetimeDays: wholeNumber(1, 36_500).optional(),
    keyRateLimit: keyRateLimit.optional(),
    scopesOf: fn<ScopesOf>().optional(),
    keysNeedScope: z.boolean({ error: "expected true or false" }).default(false),
    identify: fn<Identify>().optional(),
    issuer: issuer.default("host"),
    trustedIssuers: z
      .unknown()
      .default([])
      .transform((value, { addIssue }) => {
        const parsed = parseTrustedIssuers(value)
        if ("entries" in parsed) return parsed.entries
        addIssue(parsed.problems.join("; "))
        return z.NEVER
      }),
    servedIssuers: z.array(issuer, { error: "expected a list of issuers" }).default([]),
    adminSubjects: adminSubjects.default([]),
    passwords: oneOf(["on", "off"]).default("off"),
    basePath: z
      .string({ error: BASE_PATH_RULE })
      .regex(/^(\/[A-Za-z0-9._~-]+)+$/, { error: BASE_PATH_RULE })
      .default("/latchkey"),
    publicUrl: publicUrl.optional(),
    allowedOrigins: z.array(origin, { error: "expected a list of origins" }).default([]),
    dashboard: z.boolean({ error: "expected true or false" }).default(true),
    product: z
      .strictObject(
        {
          name: product.name.default(DEFAULT_PRODUCT.name),
          logo: product.logo.optional(),
          accentColor: product.accentColor.optional(),
          apiUrl: product.apiUrl.optional(),
        },
        { error: "expected { name, logo, accentColor, apiUrl }" },
      )
      .default(DEFAULT_PRODUCT),
    schema: z
      .string({ error: SCHEMA_NAME_RULE })
      .refine(isSchemaName, { error: SCHEMA_NAME_RULE })
      .optional(),
    migrate: oneOf(["auto", "check"]).optional(),
    maxConnections: wholeNumber(1, 1_000).default(10),
    requireSynchronous: z.boolean({ error: "expected true or false" }).default(false),
    verifyLease: wholeNumber(0, 10).default(0),
    verifyLeaseCache: z.boolean({ error: "expected true or false" }).default(true),
    revocationFence: oneOf(["off", "standby"]).default("off"),
    revocationFenceUrl: databaseUrl.optional(),
    restoreLog: restoreLog.optional(),
    restoreLogToken: bearerToken.optional(),
    afterRestore: time.optional(),
    waitUntil: fn<(promise: Promise<unknown>) => void>().optional(),
    logger: logger.optional(),
  })
  .superRefine((options, context) => {
    const { databaseUrl, database, requireSynchronous, verifyLease } = options
    const fence = findFenceProblem(options)
    if (fence) context.addIssue({ code: "custom", path: [fence.option], message: fence.message })
    if (verifyLease > 0 && database === "embedded") {
      context.addIssue({
        code: "custom",
        path: ["verifyLease"],
        message: "expected 0, as one process has the embedded database to itself",
      })
    }
    if (requireSynchronous && database === "embedded") {
      context.addIssue({
        code: "custom",
        path: ["requireSynchronous"],
        message: "expected false, as the embedded database has no standby",
      })
    }
    if ((databaseUrl === undefined) !== (database === undefined)) return
    context.addIssue({
      code: "custom",
      path: ["databaseUrl"],
      message:
        database === undefined
          ? 'expected the URL of a PostgreSQL database, or the option database: "embedded"'
          : 'expected no URL with database: "embedded"',
    })
  })

type CheckedOptions = z.output<typeof Options>

/** Options that have been checked, with their defaults. */
export interface Settings extends Omit<CheckedOptions, "secret"> {
  /** The secret, or a function that reads it once the database is open. */
  secret: string | (() => Promise<string>)
}

/** @throws {OptionsError} with every option that is wrong. */
export function readOptions(options: LatchkeyServerOptions): Settings {
  const result = Options.safeParse(options)
  if (result.success) return result.data
  const problems = new Map<string, string>()
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        problems.set([...issue.path.map(String), safeName(key)].join("."), "no such option")
      }
    } else {
      const name = issue.path.length === 0 ? "options" : issue.path.map(String).join(".")
      if (!problems.has(name)) problems.set(name, issue.message)
    }
  }
  const given = options as { databaseUrl?: unknown; database?: unknown } | null
  // Zod skips the check of the whole object if an option is invalid.
  if (given && given.databaseUrl === undefined && given.database === undefined) {
    problems.set(
      "databaseUrl",
      'expected the URL of a PostgreSQL database, or the option database: "embedded"',
    )
  }
  throw new OptionsError([...problems].map(([name, message]) => `${name}: ${message}`))
}

/** Allows the origin of the public URL, because behind a proxy the server may not see that its pages are there. */
export const withPublicOrigin = (settings: Settings): Settings => ({
  ...settings,
  allowedOrigins: [
    ...settings.allowedOrigins,
    ...(settings.publicUrl === undefined ? [] : [new URL(settings.publicUrl).origin]),
  ],
})

/** A name that does not look like an identifier may be a misplaced value. */
const safeName = (name: string) => (/^[A-Za-z]{1,30}$/.test(name) ? name : "options")
