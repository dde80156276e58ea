import { z } from "zod"
import type { IntrospectInput, Introspection } from "../ownerModels.ts"

export const introspect = z.strictObject({
  token: z.string().min(1),
  address: z.union([z.ipv4(), z.ipv6()], { error: "must be an IP address" }).optional(),
}) satisfies z.ZodType<IntrospectInput>

export const activeToken = z.object({
  active: z.literal(true),
  iss: z.string(),
  sub: z.string(),
  act: z.object({ sub: z.string() }).optional(),
  client_id: z.string().optional(),
  scope: z.string(),
  token_type: z.enum(["api_key", "access_token"]),
  iat: z.int().optional(),
  exp: z.int().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
})

export const inactiveToken = z.object({ active: z.literal(false) })

export const introspection = z.union([activeToken, inactiveToken]) satisfies z.ZodType<Introspection>
