import { and, count, eq, isNull, sql } from "drizzle-orm"
import { query, write } from "../query.ts"
import { apiKeys } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"
import { type ClientInfo, recordEvent } from "./auditEvents.ts"
import { type ActingCredential, withAuthority } from "./authority.ts"
import { isActive } from "./isValid.ts"
import { isAfter, newestFirst, type Position } from "./position.ts"

export interface NewApiKey {
  id: string
  lookupId: string
  keyHash: string
  receipt: Uint8Array
  receiptSecretId: string
  label: string
  expiresAt: Date | null
}

export type CreateApiKeyResult = { status: "created"; createdAt: Date } | { status: "limitReached" } | "ended"

/**
 * Stores a key for a caller who has fewer than `maxKeys` active ones. Changes by the same user are serialized, so
 * each counts the keys that earlier ones have added.
 */
export const createApiKey = write(
  async (
    db,
    {
      by,
      maxKeys,
      apiKey,
      client,
    }: { by: ActingCredential; maxKeys: number; apiKey: NewApiKey; client: ClientInfo },
  ): Promise<CreateApiKeyResult> =>
    withAuthority(db, by, async (tx) => {
      const { userId } = by
      const [active] = await tx
        .select({ keys: count() })
        .from(apiKeys)
        .where(and(eq(apiKeys.userId, userId), isActive))
      if (!active || active.keys >= maxKeys) return { status: "limitReached" }

      const [created] = await tx
        .insert(apiKeys)
        .values({ userId, ...apiKey })
        .returning({ createdAt: apiKeys.createdAt })
      if (!created) throw new TypeError("insert returned no row")
      const subject = { id: apiKey.id, label: apiKey.label }
      await recordEvent(tx, { ...by, kind: "apiKeyCreated", client, subject })
      return { status: "created", createdAt: created.createdAt }
    }),
)

export const listedApiKeyColumns = {
  id: apiKeys.id,
  label: apiKeys.label,
  lookupId: apiKeys.lookupId,
  createdAt: apiKeys.createdAt,
  lastUsedAt: apiKeys.lastUsedAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
}

/** A key as lists show it. */
export type ListedApiKey = Pick<typeof apiKeys.$inferSelect, keyof typeof listedApiKeyColumns>

/**
 * Lists a user's keys after the position `after`, newest first: active ones or all, with `search` anywhere in their
 * label, ignoring case.
 */
export const listApiKeys = query(
  async (
    db,
    params: {
      userId: string
      limit: number
      after: Position | null
      status?: "active" | "all"
      search?: string
    },
  ): Promise<ListedApiKey[]> =>
    db
      .select(listedApiKeyColumns)
      .from(apiKeys)
      .where(
        and(
          eq(apiKeys.userId, params.userId),
          params.status === "all" ? undefined : isActive,
          // Not `like`, since search terms could contain wildcards.
          params.search ? sql`strpos(lower(${apiKeys.label}), lower(${params.search})) > 0` : undefined,
          isAfter(apiKeys, params.after),
        ),
      )
      .orderBy(...newestFirst(apiKeys))
      .limit(params.limit),
)

/** The columns that revoking sets. No credential remains. */
export const revocation = {
  revokedAt: sql`now()`,
  keyHash: null,
  receipt: null,
  receiptSecretId: null,
}

/**
 * Revokes one of the caller's keys and wipes its hash and receipt, in one statement.
 *
 * @returns `notFound` if the caller has no such key, or it was revoked before.
 */
export const revokeApiKey = write(
  async (
    db,
    { id, by, client }: { id: string; by: ActingCredential; client: ClientInfo },
  ): Promise<"done" | "notFound" | "ended"> =>
    withAuthority(db, by, async (tx) => {
      const [subject] = await tx
        .update(apiKeys)
        .set(revocation)
        .where(and(eq(apiKeys.id, id), eq(apiKeys.userId, by.userId), isNull(apiKeys.revokedAt)))
        .returning({ id: apiKeys.id, label: apiKeys.label })
      if (!subject) return "notFound"
      await recordEvent(tx, { ...by, kind: "apiKeyRevoked", client, subject })
      return "done"
    }),
)

/** Marks keys as used now. Rows are locked in a fixed order, to avoid deadlocks between instances. */
export const touchApiKeys = write(async (db, { ids }: { ids: readonly string[] }): Promise<void> => {
  const inOrder = db
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(anyOf(apiKeys.id, joinIds(ids)))
    .orderBy(apiKeys.id)
    .for("no key update")
  await db.update(apiKeys).set({ lastUsedAt: sql`now()` }).where(sql`${apiKeys.id} in (${inOrder})`)
})
