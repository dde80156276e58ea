import { z } from "zod"
import type { ListedUser, OwnedApiKey, UserReference } from "../models.ts"
import { owner } from "./accounts.ts"
import { apiKey, keyStatus } from "./apiKeys.ts"
import { id, searchUpTo } from "./fields.ts"
import { page, paged } from "./paging.ts"

export const listedUser = owner.extend({
  createdAt: z.date(),
  disabledAt: z.date().nullable(),
  activeKeys: z.int(),
}) satisfies z.ZodType<ListedUser>

export const ownedApiKey = apiKey.extend({
  owner: owner.omit({ role: true, createdAt: true }).extend({ disabledAt: z.date().nullable() }),
}) satisfies z.ZodType<OwnedApiKey>

/** Long enough for any email. */
const search = searchUpTo(254).default("")

export const subjectReference = z.strictObject({
  issuer: z.string().min(1).max(2_000),
  subject: z.string().min(1).max(255),
})

export const userReference = z.union([id, subjectReference], {
  error: "must be an id, or an issuer and a subject",
}) satisfies z.ZodType<UserReference>

export const listUsers = paged(
  z.strictObject({ ...page, status: z.enum(["all", "enabled", "disabled"]).default("all"), search }),
)

export const listOwnedApiKeys = paged(
  z.strictObject({ ...page, status: keyStatus, userId: z.string().max(100).nullish(), search }),
)
