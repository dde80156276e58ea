import { z } from "zod"
import type {
  ListedUser,
  OwnedApiKey,
  RevokeWhereConditions,
  RevokeWherePreview,
  RevokeWhereResult,
  UserReference,
} from "../adminModels.ts"
import { owner } from "./accounts.ts"
import { apiKey, keyStatus } from "./apiKeys.ts"
import { id, instant, searchUpTo } from "./fields.ts"
import { page, paged } from "./paging.ts"

export const listedUser = owner.extend({
  createdAt: z.date(),
  disabledAt: z.date().nullable(),
  activeKeys: z.int(),
  hasSecondFactor: z.boolean(),
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

/** Not a union, because a union's errors would not name unknown fields. Its own check has the effect of one. */
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
  z.strictObject({
    ...page,
    status: keyStatus,
    userId: z.string().max(100).nullish(),
    search,
    origin: z.enum(["any", "imported"]).default("any"),
  }),
)

/** Compared exactly. PostgreSQL can't store NUL or lone surrogates. */
const exactly = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((text) => text.isWellFormed() && !text.includes("\0"), { error: "must be valid Unicode" })

export const revokeWhereConditions = z
  .strictObject({
    createdBefore: instant.optional(),
    createdAfter: instant.optional(),
    unusedSince: instant.optional(),
    issuer: exactly(2_000).optional(),
    subject: exactly(255).optional(),
    createdBy: exactly(255).optional(),
    labelContains: searchUpTo(100).min(1).optional(),
    scope: exactly(100).optional(),
  })
  .refine((where) => Object.values(where).some((condition) => condition !== undefined), {
    error: "must have at least one condition",
  }) satisfies z.ZodType<unknown, RevokeWhereConditions>

/** Not a union, whose errors would not name unknown fields. */
export const revokeWhere = z
  .strictObject({
    where: revokeWhereConditions,
    preview: z.literal(true).optional(),
    confirm: z.string().min(1).max(200).optional(),
  })
  .refine(({ preview, confirm }) => (preview === undefined) !== (confirm === undefined), {
    error: "must have either preview: true or confirm",
  })

export const revokeWherePreview = z.object({
  count: z.int(),
  sample: z.array(ownedApiKey),
  confirm: z.string(),
}) satisfies z.ZodType<RevokeWherePreview>

export const revokeWhereResult = z.object({ revoked: z.int() }) satisfies z.ZodType<RevokeWhereResult>
