import { and, count, desc, eq, isNull, not, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { note, query, takeAway, waitsForNoStandby, write } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { anyOf, joinIds } from "../anyOf.ts"
import { type ActingCredential, ensureOwner, withAuthority } from "../owners/authority.ts"
import { isAfter, isUpTo, newestFirst, type Position } from "../position.ts"
import { byOwner, recordEvent } from "../trail/auditEvents.ts"
import { expiryOf, isActive, isReplaced } from "./isValid.ts"

/** The settings of a key, which are chosen when it is created and can be changed later. */
export interface ApiKeySettings {
  label: string
  expiresAt: Date | null
  /** Null: every scope that the owner has. */
  scopes: readonly string[] | null
  /** CIDR blocks in canonical form; null for any address. */
  allowedIps: readonly string[] | null
  /** Calls in a window of seconds; null without a limit. */
  rateLimit: { limit: number; window: number } | null
  metadata: Record<string, string> | null
  /** Whether the owner can't change the scopes, addresses and limit. */
  locked: boolean
}

export interface NewApiKey extends ApiKeySettings {
  id: string
  /** Null for keys without a prefix and checksum. */
  prefix: string | null
  lookupId: string
  keyHash: string
  receipt: Uint8Array
  receiptSecretId: string
}

/** The columns that settings fill. */
export const settingsColumns = ({ rateLimit, scopes, allowedIps, ...settings }: ApiKeySettings) => ({
  ...settings,
  scopes: scopes && [...scopes],
  allowedIps: allowedIps && [...allowedIps],
  rateLimit: rateLimit?.limit ?? null,
  rateWindow: rateLimit?.window ?? null,
})

/** The checks that a server has to make before it accepts a key with these settings. */
export const checksOf = ({
  scopes,
  allowedIps,
  rateLimit,
  disabled = false,
}: Pick<ApiKeySettings, "scopes" | "allowedIps" | "rateLimit"> & { disabled?: boolean }): string[] => [
  ...(scopes ? ["scopes"] : []),
  ...(allowedIps ? ["allowedIps"] : []),
  ...(rateLimit ? ["rateLimit"] : []),
  ...(disabled ? ["disabled"] : []),
]

export type CreateApiKeyResult =
  | { status: "created"; createdAt: Date; createdBy: string }
  | { status: "limitReached" }
  | "ended"

/**
 * Stores a key for a caller who has fewer than `maxKeys` active keys. Keys that an active key replaces don't count.
 * Changes by the same owner are serialized, so each one counts the keys that earlier ones have added.
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
      const { id: ownerId, subject: ownerSubject } = by.owner
      if ((await countActive(tx, { ownerId, upTo: maxKeys })) >= maxKeys) return { status: "limitReached" }

      await ensureOwner(tx, by.owner)
      const [created] = await tx
        .insert(apiKeys)
        .values({
          ...apiKey,
          ...settingsColumns(apiKey),
          checks: checksOf(apiKey),
          ownerId,
          createdBy: by.actor ?? ownerSubject,
        })
        .returning({ createdAt: apiKeys.createdAt, createdBy: apiKeys.createdBy })
      if (!created) throw new TypeError("insert returned no row")
      const subject = { id: apiKey.id, label: apiKey.label }
      await recordEvent(tx, { ...byOwner(by), kind: "apiKeyCreated", client, subject })
      return { status: "created", ...created }
    }),
)

/**
 * Counts at most `upTo` active keys that no active key replaces. Anybody can make hundreds of thousands of keys that have
 * expired. The order makes PostgreSQL read the index by expiry, which ends before them, whatever the statistics are.
 */
async function countActive(
  tx: Database,
  { ownerId, upTo }: { ownerId: string; upTo: number },
): Promise<number> {
  const some = tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.ownerId, ownerId), isActive, not(isReplaced)))
    .orderBy(desc(expiryOf(apiKeys)))
    .limit(upTo)
    .as("some")
  const [counted] = await tx.select({ keys: count() }).from(some)
  return counted?.keys ?? 0
}

export const listedApiKeyColumns = {
  id: apiKeys.id,
  label: apiKeys.label,
  prefix: apiKeys.prefix,
  lookupId: apiKeys.lookupId,
  importedStart: apiKeys.importedStart,
  scopes: apiKeys.scopes,
  allowedIps: apiKeys.allowedIps,
  rateLimit: apiKeys.rateLimit,
  rateWindow: apiKeys.rateWindow,
  disabledAt: apiKeys.disabledAt,
  locked: apiKeys.locked,
  metadata: apiKeys.metadata,
  replaces: apiKeys.replaces,
  replacedBy: apiKeys.replacedBy,
  createdBy: apiKeys.createdBy,
  createdAt: apiKeys.createdAt,
  lastUsedAt: apiKeys.lastUsedAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
}

/** A key as lists show it. */
export type ListedApiKey = Pick<typeof apiKeys.$inferSelect, keyof typeof listedApiKeyColumns>

/**
 * Lists an owner's keys after the position `after`, newest first: active keys or all, with `search` anywhere in their
 * label, ignoring case.
 */
export const listApiKeys = query(
  async (
    db,
    params: {
      ownerId: string
      limit: number
      after: Position | null
      /** The last key to read; null for no bound. */
      upTo?: Position | null
      status?: "active" | "all"
      search?: string
    },
  ): Promise<ListedApiKey[]> =>
    db
      .select(listedApiKeyColumns)
      .from(apiKeys)
      .where(
        and(
          eq(apiKeys.ownerId, params.ownerId),
          params.status === "all" ? undefined : isActive,
          // Not `like`, since search terms could contain wildcards.
          params.search ? sql`strpos(lower(${apiKeys.label}), lower(${params.search})) > 0` : undefined,
          isAfter(apiKeys, params.after),
          isUpTo(apiKeys, params.upTo ?? null),
        ),
      )
      .orderBy(...newestFirst(apiKeys))
      .limit(params.limit),
)

/** Returns one of an owner's keys, whether it is active or not. */
export const findApiKey = query(
  async (db, { id, ownerId }: { id: string; ownerId: string }): Promise<ListedApiKey | undefined> => {
    const [row] = await db
      .select(listedApiKeyColumns)
      .from(apiKeys)
      .where(and(eq(apiKeys.id, id), eq(apiKeys.ownerId, ownerId)))
    return row
  },
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
export const revokeApiKey = takeAway(
  async (
    db,
    { id, by, client }: { id: string; by: ActingCredential; client: ClientInfo },
  ): Promise<"done" | "notFound" | "ended"> =>
    withAuthority(
      db,
      by,
      async (tx) => {
        const [subject] = await tx
          .update(apiKeys)
          .set(revocation)
          .where(and(eq(apiKeys.id, id), eq(apiKeys.ownerId, by.owner.id), isNull(apiKeys.revokedAt)))
          .returning({ id: apiKeys.id, label: apiKeys.label })
        if (!subject) return "notFound"
        await recordEvent(tx, { ...byOwner(by), kind: "apiKeyRevoked", client, subject })
        return "done"
      },
      { keyId: id },
    ),
)

/** Marks keys as used now. Rows are locked in a fixed order, to avoid deadlocks between instances. */
export const touchApiKeys = note(async (db, { ids }: { ids: readonly string[] }): Promise<void> => {
  const inOrder = db
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(anyOf(apiKeys.id, joinIds(ids)))
    .orderBy(apiKeys.id)
    .for("no key update")
  await db
    .update(apiKeys)
    .set({ lastUsedAt: sql`now()` })
    .where(and(sql`${apiKeys.id} in (${inOrder})`, waitsForNoStandby))
})
