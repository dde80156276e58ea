import { z } from "zod"
import type { Session } from "../ownerModels.ts"

export const session = z.object({
  id: z.string(),
  device: z.string().nullable(),
  address: z.string().nullable(),
  createdAt: z.date(),
  lastUsedAt: z.date(),
  current: z.boolean(),
}) satisfies z.ZodType<Session>

export const sessionList = z.object({ items: z.array(session) })
