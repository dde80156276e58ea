import { and, count, eq, gt, isNull, or, sql } from "drizzle-orm"
import { query, write } from "../query.ts"
import { apiKeys, sessions, users } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"
import { type Authority, bySession, recordEvent, type Source } from "./auditEvents.ts"
import { isAfter, newestFirst, type Position } from "./position.ts"
import { isLive } from "./sessions.ts"

/** Neither revoked nor expired, by the database's clock. */
export const isActive = and(
  isNull(apiKeys.revokedAt),
  or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`)),
)

export interface NewApiKey {
  id: string
  lookupId: string
  keyHash: string
  receipt: Uint8Array
  receiptSecretId: string
  label: string
  expiresAt: Date | null
}

export type CreateApiKeyResult =
  | { status: "created"; createdAt: Date }
  | { status: "sessionEnded" }
  | { status: "limitReached" }

/**
 * Stores a key for a user who holds fewer than `maxKeys` active ones, on behalf of a session that is still live.
 * The lock on the user makes creations take turns, so that none of them counts what another is about to add.
 */
export const createApiKey = write(
  async (
    db,
    params: { userId: string; sessionId: string; maxKeys: number; apiKey: NewApiKey; source: Source },
  ): Promise<CreateApiKeyResult> =>
    db.transaction(async (tx) => {
      const { userId, sessionId, apiKey, source } = params
      const [owner] = await tx
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.id, userId), isNull(users.disabledAt)))
        .for("no key update")
      const [session] = await tx
        .select({ id: sessions.id })
        .from(sessions)
        .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId), isLive))
        .for("share")
      if (!owner || !session) return { status: "sessionEnded" }

      const [active] = await tx
        .select({ keys: count() })
        .from(apiKeys)
        .where(and(eq(apiKeys.userId, userId), isActive))
      if (!active || active.keys >= params.maxKeys) return { status: "limitReached" }

      const [created] = await tx
        .insert(apiKeys)
        .values({ userId, ...apiKey })
        .returning({ createdAt: apiKeys.createdAt })
      if (!created) throw new TypeError("insert returned no row")
      const subject = { id: apiKey.id, label: apiKey.label }
      await recordEvent(tx, { userId, kind: "apiKeyCreated", ...bySession(sessionId), source, subject })
      return { status: "created", createdAt: created.createdAt }
    }),
)

export interface ListedApiKey {
  id: string
  label: string
  lookupId: string
  createdAt: Date
  lastUsedAt: Date | null
  expiresAt: Date | null
  revokedAt: Date | null
}

export const listedApiKeyColumns = {
  id: apiKeys.id,
  label: apiKeys.label,
  lookupId: apiKeys.lookupId,
  createdAt: apiKeys.createdAt,
  lastUsedAt: apiKeys.lastUsedAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
}

/**
 * A user's keys, newest first, from the one after `after` on: the active ones or all, with `search` somewhere in
 * their label, whatever its case.
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
          // Not `like`, in which what people search for could be a pattern.
          params.search ? sql`strpos(lower(${apiKeys.label}), lower(${params.search})) > 0` : undefined,
          isAfter(apiKeys, params.after),
        ),
      )
      .orderBy(...newestFirst(apiKeys))
      .limit(params.limit),
)

/** What revoking sets: no credential stays behind. */
export const revocation = {
  revokedAt: sql`now()`,
  keyHash: null,
  receipt: null,
  receiptSecretId: null,
}

/**
 * Revokes a user's key and wipes what could verify it, in one statement.
 *
 * @returns false when the user has no such key that is not revoked.
 */
export const revokeApiKey = write(
  async (
    db,
    params: { id: string; userId: string; authority: Authority; source: Source },
  ): Promise<boolean> =>
    db.transaction(async (tx) => {
      const { id, userId, authority, source } = params
      const [subject] = await tx
        .update(apiKeys)
        .set(revocation)
        .where(and(eq(apiKeys.id, id), eq(apiKeys.userId, userId), isNull(apiKeys.revokedAt)))
        .returning({ id: apiKeys.id, label: apiKeys.label })
      if (!subject) return false
      await recordEvent(tx, { userId, kind: "apiKeyRevoked", ...authority, source, subject })
      return true
    }),
)

/** Marks keys as used now. Rows are locked in one order, so that two instances can't wait for each other. */
export const touchApiKeys = write(async (db, { ids }: { ids: readonly string[] }): Promise<void> => {
  const inOrder = db
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(anyOf(apiKeys.id, joinIds(ids)))
    .orderBy(apiKeys.id)
    .for("no key update")
  await db.update(apiKeys).set({ lastUsedAt: sql`now()` }).where(sql`${apiKeys.id} in (${inOrder})`)
})
