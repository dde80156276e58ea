import { z } from "zod"
import type { ApiKey, CreatedApiKey } from "../models.ts"
import { instant, label, search } from "./fields.ts"
import { page, paged } from "./paging.ts"

export const apiKey = z.object({
  id: z.string(),
  label: z.string(),
  start: z.string(),
  scopes: z.array(z.string()).nullable(),
  createdBy: z.string(),
  createdAt: z.date(),
  lastUsedAt: z.date().nullable(),
  expiresAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
}) satisfies z.ZodType<ApiKey>

export const createApiKey = z.strictObject({
  label,
  expiresAt: instant.nullish(),
  scopes: z.array(z.string().min(1).max(100)).max(100).nullish(),
})

export const createdApiKey = apiKey
  .omit({ lastUsedAt: true, revokedAt: true })
  .extend({ key: z.string() }) satisfies z.ZodType<CreatedApiKey>

export const keyStatus = z.enum(["active", "all"]).default("active")

export const listApiKeys = paged(z.strictObject({ ...page, status: keyStatus, search: search.default("") }))
