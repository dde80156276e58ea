import { createHash } from "node:crypto"
import { createApiKey } from "@latchkey/contract/schemas"
import { type NewImportedKey, OWN_ISSUER } from "@latchkey/db"
import { z } from "zod"
import { AuthError } from "../../errors.ts"
import { isSubject } from "../../identities/isSubject.ts"
import { ownerIdOf } from "../../identities/ownerIdOf.ts"
import { isOfLatchkey, isProductScope } from "../../identities/scopes.ts"
import { isUuid } from "../../isUuid.ts"
import { uuidOf } from "../../uuidOf.ts"
import { readNewSettings } from "../newSettings.ts"
import { MAX_BCRYPT_LENGTH, MAX_IMPORTED_LENGTH, MIN_SECRET_LENGTH } from "./importedForm.ts"
import { type HashOfKey, readKeyHash } from "./readKeyHash.ts"

const name = z
  .string()
  .refine(isSubject, { error: "expected 1 to 255 characters, without control characters" })

const issuer = z.string().regex(/^(latchkey|(?!latchkey:)[\x21-\x7e]{1,255})$/, {
  error: "expected 1 to 255 visible ASCII characters",
})

const instant = z
  .union(
    [
      z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
      z.int().transform((ms) => new Date(ms)),
    ],
    {
      error: "expected a time in ISO 8601 with a zone, or milliseconds since 1970",
    },
  )
  .refine((time) => time.getTime() > 0 && time.getUTCFullYear() < 10_000, {
    error: "expected a time from 1970 to the year 9999",
  })

/** Clocks differ. */
const LEEWAY_MS = 60_000

const past = instant.refine((time) => time.getTime() <= Date.now() + LEEWAY_MS, {
  error: "expected a time in the past",
})

/** Latchkey's own scopes that a key in a file may have. Only administrators can give the others. */
const OWN_SCOPES = ["latchkey:apikeys:read"]

const { label, expiresAt, scopes, allowedIps, rateLimit, metadata, lock } = createApiKey.shape

/** A line of a file. Null is the same as no value, as databases export it. */
const Line = z.strictObject({
  ...{ label, allowedIps, rateLimit, metadata, lock },
  subject: name,
  issuer: issuer.nullish(),
  keyHash: z.string(),
  start: z.string().regex(/^[\x21-\x7e]*$/, { error: "expected visible ASCII characters" }),
  keyLength: z.int().min(1),
  scopes: scopes
    .refine((all) => !all?.some((scope) => isOfLatchkey(scope) && !OWN_SCOPES.includes(scope)), {
      error: "expected no scopes of administrators",
    })
    .refine((all) => all?.every((scope) => isProductScope(scope) || isOfLatchkey(scope)) !== false, {
      error: "expected visible ASCII characters without quotes, commas and backslashes",
    }),
  disabled: z.boolean().nullish(),
  createdBy: name.nullish(),
  createdAt: past.nullish(),
  expiresAt: z.union([instant, expiresAt]),
  lastUsedAt: past.nullish(),
  id: name.nullish(),
})

export type ImportLine = z.input<typeof Line>

export interface ImportDefaults {
  /** The issuer of owners whose line does not name one. */
  issuer: string
  /** The scopes that keys may have; undefined if they are not known here. */
  scopes: readonly string[] | undefined
}

/**
 * Reads a key of another system, in the form in which it is stored.
 *
 * @returns a text about what is wrong, which contains nothing from the line except names of fields.
 */
export function readImportedKey(
  line: unknown,
  defaults: ImportDefaults,
): { key: NewImportedKey } | { refusal: string } {
  const parsed = Line.safeParse(line)
  if (!parsed.success) return { refusal: describe(parsed.error.issues) }
  const { data } = parsed
  const hash = readKeyHash(data.keyHash)
  if ("refusal" in hash) return { refusal: `keyHash: ${hash.refusal}` }
  const owner = { issuer: data.issuer ?? defaults.issuer, subject: data.subject }
  const refusal = refuseOwner(owner) ?? refuseForm(data, hash) ?? refuseScopes(data.scopes, defaults.scopes)
  if (refusal !== null) return { refusal }
  try {
    const settings = readNewSettings(
      { ...data, metadata: data.metadata ?? undefined, lock: data.lock },
      { isProduct: true },
    )
    return {
      key: {
        ...settings,
        expiresAt: settings.expiresAt ?? null,
        id: idOf(owner.issuer, data.id ?? hash.keyHash),
        owner: { ...owner, id: ownerIdOf(owner) },
        createdBy: data.createdBy ?? owner.subject,
        importedStart: data.start,
        importedLength: data.keyLength,
        ...hash,
        disabled: data.disabled ?? false,
        createdAt: data.createdAt ?? null,
        lastUsedAt: data.lastUsedAt ?? null,
      },
    }
  } catch (error) {
    if (!(error instanceof AuthError)) throw error
    return { refusal: error.message }
  }
}

/** Never the id of a key that was created here, because those are random. */
const idOf = (issuer: string, name: string) =>
  uuidOf(createHash("sha256").update(`latchkey/imported-key/v1\0${issuer}\0${name}`).digest())

const refuseOwner = ({ issuer, subject }: { issuer: string; subject: string }) =>
  issuer === OWN_ISSUER && !isUuid(subject) ? "subject: expected the id of an account" : null

function refuseForm(
  { start, keyLength }: { start: string; keyLength: number },
  { hashKind }: HashOfKey,
): string | null {
  if (hashKind === "bcrypt" && keyLength > MAX_BCRYPT_LENGTH) {
    return `keyLength: bcrypt ignores everything after ${MAX_BCRYPT_LENGTH} bytes, so other keys would match as well`
  }
  if (keyLength > MAX_IMPORTED_LENGTH) return `keyLength: expected at most ${MAX_IMPORTED_LENGTH}`
  if (keyLength - start.length < MIN_SECRET_LENGTH) {
    return `start: it leaves fewer than ${MIN_SECRET_LENGTH} characters of the key secret, which could be guessed`
  }
  if (hashKind === "bcrypt" && start === "") return "start: expected at least 1 character"
  return null
}

function refuseScopes(scopes: readonly string[] | null | undefined, declared: readonly string[] | undefined) {
  const isKnown = (scope: string) => declared?.includes(scope) || OWN_SCOPES.includes(scope)
  return !declared || !scopes || scopes.every(isKnown) ? null : "scopes: expected those in SCOPES"
}

function describe(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .map((issue) => {
      if (issue.code === "unrecognized_keys") return unknownFields(issue.keys)
      const field = String(issue.path[0] ?? "line")
      return `${field}: ${issue.code === "invalid_type" ? `expected ${issue.expected}` : issue.message}`
    })
    .join("; ")
}

/** A name that does not look like a field's name may be a misplaced value. */
function unknownFields(names: readonly string[]) {
  const safe = names.filter((name) => /^[A-Za-z_]\w{0,29}$/.test(name)).slice(0, 5)
  return safe.length === 0 ? "unknown fields" : `unknown fields: ${safe.join(", ")}`
}
