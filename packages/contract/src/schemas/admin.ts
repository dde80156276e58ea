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

/** Not a union, whose errors would not name unknown fields. Its own check makes it one. */
export const userReference = z
  .strictObject({ ...id.partial().shape, ...subjectReference.partial().shape })
  .refine(
    ({ id, issuer, subject }) =>
      id === undefined
        ? issuer !== undefined && subject !== undefined
        : issuer === undefined && subject === undefined,
    { error: "must have an id, or an issuer and a subject" },
  )
  .transform(
    ({ id, issuer = "", subject = "" }): UserReference => (id === undefined ? { issuer, subject } : { id }),
  ) as unknown as z.ZodType<UserReference, UserReference>

export const listUsers = paged(
  z.strictObject({ ...page, status: z.enum(["all", "enabled", "disabled"]).default("all"), search }),
)

export const listOwnedApiKeys = paged(
  z.strictObject({ ...page, status: keyStatus, userId: z.string().max(100).nullish(), search }),
)
