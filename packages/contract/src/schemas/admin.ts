import { z } from "zod"
import type { ListedUser, OwnedApiKey } from "../models.ts"
import { user } from "./accounts.ts"
import { apiKey, keyStatus } from "./apiKeys.ts"
import { searchUpTo } from "./fields.ts"
import { page, paged } from "./paging.ts"

export const listedUser = user.extend({
  disabledAt: z.date().nullable(),
  activeKeys: z.int(),
}) satisfies z.ZodType<ListedUser>

export const ownedApiKey = apiKey.extend({
  owner: z.object({ id: z.string(), email: z.string(), disabledAt: z.date().nullable() }),
}) satisfies z.ZodType<OwnedApiKey>

/** Long enough for any email. */
const search = searchUpTo(254).default("")

export const listUsers = paged(
  z.strictObject({ ...page, status: z.enum(["all", "enabled", "disabled"]).default("all"), search }),
)

export const listOwnedApiKeys = paged(
  z.strictObject({ ...page, status: keyStatus, userId: z.string().max(100).nullish(), search }),
)
