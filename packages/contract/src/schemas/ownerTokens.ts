import { z } from "zod"
import type { CreateOwnerTokenInput, OwnerToken } from "../ownerModels.ts"

export const createOwnerToken = z.strictObject({
  manage: z.literal("read").optional(),
  ttl: z.int().min(60).max(900).default(300),
}) satisfies z.ZodType<unknown, CreateOwnerTokenInput>

export const ownerToken = z.object({
  accessToken: z.string(),
  expiresAt: z.date(),
}) satisfies z.ZodType<OwnerToken>
