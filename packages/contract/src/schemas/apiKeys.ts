import { z } from "zod"
import type {
  ApiKey,
  ApiKeyChange,
  ApiKeyUsage,
  CreateApiKeyInput,
  CreatedApiKey,
  RateLimit,
  RotateApiKeyInput,
  UpdateApiKeyInput,
  UsageOfApiKeys,
} from "../apiKeyModels.ts"
import { expiry, id, label, search } from "./fields.ts"
import { page, paged } from "./paging.ts"

export const rateLimit = z.strictObject({
  limit: z.int().min(1).max(1_000_000_000),
  window: z.int().min(1).max(86_400),
}) satisfies z.ZodType<RateLimit>

/** The server checks that they are CIDR blocks. */
const allowedIps = z.array(z.string().min(1).max(49)).min(1).max(20)

const [MAX_METADATA_ENTRIES, MAX_METADATA_BYTES] = [20, 2_048]

const metadataEntries = z
  .record(z.string().min(1), z.string())
  .refine((entries) => bytesOf(entries) <= MAX_METADATA_BYTES, { error: "must have at most 2 KiB together" })
  .refine((entries) => Object.entries(entries).flat().every(isStorable), { error: "must be valid Unicode" })

/** Counts the entries first: each wrong one is an issue, and thousands of issues cost more than the rest of a call. */
const metadata = z.preprocess((sent: z.input<typeof metadataEntries>, { addIssue }) => {
  if (Object.keys(sent ?? {}).length > MAX_METADATA_ENTRIES) addIssue("must have at most 20 entries")
  return sent
}, metadataEntries)

const bytesOf = (entries: Record<string, string>) =>
  new TextEncoder().encode(Object.entries(entries).flat().join("")).length

/** PostgreSQL can't store NUL or lone surrogates. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes("\0")

export const apiKey = z.object({
  id: z.string(),
  label: z.string(),
  start: z.string(),
  scopes: z.array(z.string()).nullable(),
  allowedIps: z.array(z.string()).nullable(),
  rateLimit: rateLimit.nullable(),
  disabled: z.boolean(),
  locked: z.boolean(),
  metadata: z.record(z.string(), z.string()).nullable(),
  replaces: z.string().nullable(),
  replacedBy: z.string().nullable(),
  createdBy: z.string(),
  createdAt: z.date(),
  lastUsedAt: z.date().nullable(),
  expiresAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
}) satisfies z.ZodType<ApiKey>

const settings = {
  label,
  expiresAt: expiry.nullish(),
  scopes: z.array(z.string().min(1).max(100)).max(100).nullish(),
  allowedIps: allowedIps.nullish(),
  rateLimit: rateLimit.nullish(),
  metadata: metadata.nullish(),
  lock: z.boolean().optional(),
}

export const createApiKey = z.strictObject(settings) satisfies z.ZodType<unknown, CreateApiKeyInput>

/** A change of a key that is named apart from it. */
export const apiKeyChange = z.strictObject({
  ...settings,
  label: label.optional(),
  disabled: z.boolean().optional(),
}) satisfies z.ZodType<unknown, ApiKeyChange>

export const updateApiKey = apiKeyChange.extend(id.shape) satisfies z.ZodType<unknown, UpdateApiKeyInput>

/** The longest grace: 30 days. */
const MAX_GRACE = 2_592_000

export const rotateApiKey = z.strictObject({
  ...id.shape,
  grace: z.int().min(0).max(MAX_GRACE).default(86_400),
  expiresAt: expiry.nullish(),
}) satisfies z.ZodType<unknown, RotateApiKeyInput>

export const createdApiKey = apiKey
  .omit({ lastUsedAt: true, revokedAt: true })
  .extend({ key: z.string() }) satisfies z.ZodType<CreatedApiKey>

/** Any text that is no longer than a key. */
export const reportLeakedApiKey = z.strictObject({ key: z.string().min(1).max(256) })

export const keyStatus = z.enum(["active", "all"]).default("active")

export const listApiKeys = paged(z.strictObject({ ...page, status: keyStatus, search: search.default("") }))

const days = z.int().min(1).max(90).default(30)

export const usageOfApiKey = z.strictObject({ ...id.shape, days })

/** The input for the usage of all keys of an owner. */
export const usageOfAllApiKeys = z.strictObject({ days }).prefault({})

export const usageOfApiKeys = z.object({
  dates: z.array(z.iso.date()),
  items: z.array(z.object({ apiKeyId: z.string(), accepted: z.array(z.int()), limited: z.array(z.int()) })),
}) satisfies z.ZodType<UsageOfApiKeys>

export const apiKeyUsage = z.object({
  items: z.array(z.object({ date: z.iso.date(), accepted: z.int(), limited: z.int() })),
}) satisfies z.ZodType<ApiKeyUsage>
