import { randomBytes, randomUUID } from "node:crypto"
import { lookupIdOf, startOf } from "@latchkey/contract"
import {
  createApiKey,
  type Database,
  type ListedApiKey,
  listApiKeys,
  revokeApiKey,
  sessionCredential,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import { AuthError, requireDone, unauthenticated } from "../errors.ts"
import { actingCredentialOf, type Caller } from "../identities/caller.ts"
import { isUuid } from "../isUuid.ts"
import { createKeyedMutex } from "../limits/keyedMutex.ts"
import { type Page, type PageInput, readPage } from "../readPage.ts"
import { makeReceipt } from "./receipt.ts"

/** A key as its owner sees it: with `start`, its first 8 characters, in place of the lookup id. */
export type ApiKey = Omit<ListedApiKey, "lookupId"> & { start: string }

export interface CreatedApiKey extends Omit<ApiKey, "lastUsedAt" | "revokedAt"> {
  /** The key itself, returned only once. */
  key: string
}

/** Users' own keys. */
export interface ApiKeys {
  /**
   * @param input.expiresAt null if the key never expires.
   * @throws {AuthError} `INVALID_INPUT`, `KEY_LIMIT_REACHED`, `UNAUTHENTICATED` if the session has ended.
   */
  create(
    session: { userId: string; sessionId: string },
    input: { label: string; expiresAt: Date | null },
    client: ClientInfo,
  ): Promise<CreatedApiKey>
  /**
   * Lists the user's keys, newest first.
   *
   * @param input.search any part of the label, ignoring case. Omitted or empty for any label.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
   */
  list(
    owner: { userId: string },
    input: PageInput & { status?: "active" | "all"; search?: string },
  ): Promise<Page<ApiKey>>
  /**
   * Revokes a key. Once this has resolved, no instance accepts it. An API key may revoke only itself.
   *
   * @throws {AuthError} `FORBIDDEN`, `NOT_FOUND`, `UNAUTHENTICATED` if the credential has ended.
   */
  revoke(caller: Caller, input: { id: string }, client: ClientInfo): Promise<void>
}

/** Milliseconds that a creation may wait for other creations of the same user. */
const PATIENCE = 5_000

export function createApiKeys(
  deps: { db: Database; keyring: Keyring; bcrypt: BcryptQueue },
  options: { maxKeysPerUser: number },
): ApiKeys {
  const { db, keyring, bcrypt } = deps
  // Creations have no rate limit, so one user could otherwise fill the bcrypt queue and block all others.
  const runExclusive = createKeyedMutex(PATIENCE)

  return {
    async create({ userId, sessionId }, { label, expiresAt }, client) {
      if (expiresAt && expiresAt.getTime() <= Date.now()) {
        throw new AuthError("INVALID_INPUT", "expiresAt must be in the future", { field: "expiresAt" })
      }
      const key = generateApiKey()
      const id = randomUUID()
      const lookupId = lookupIdOf(key)
      const keyHash = await runExclusive(userId, () => bcrypt.hash(key))
      const receipt = makeReceipt(keyring.current, { id, userId, keyHash, apiKey: key })
      const result = await createApiKey(db, {
        by: sessionCredential({ userId, sessionId }),
        maxKeys: options.maxKeysPerUser,
        apiKey: { id, lookupId, keyHash, receipt, receiptSecretId: keyring.current.id, label, expiresAt },
        client,
      })
      if (result === "ended") throw unauthenticated()
      switch (result.status) {
        case "created":
          return { id, label, start: startOf(lookupId), createdAt: result.createdAt, expiresAt, key }
        case "limitReached":
          throw new AuthError(
            "KEY_LIMIT_REACHED",
            `You have reached the limit of ${options.maxKeysPerUser} active keys; revoke one first.`,
          )
      }
    },

    async list({ userId }, { cursor, limit, ...filter }) {
      const { items, nextCursor } = await readPage({ cursor, limit }, (part) =>
        listApiKeys(db, { userId, ...part, ...filter }),
      )
      return {
        items: items.map(({ lookupId, ...row }) => ({ ...row, start: startOf(lookupId) })),
        nextCursor,
      }
    },

    async revoke(caller, { id }, client) {
      if (caller.via === "apiKey" && caller.apiKeyId !== id) {
        throw new AuthError("FORBIDDEN", "An API key may revoke only itself.")
      }
      const result = isUuid(id)
        ? await revokeApiKey(db, { id, by: actingCredentialOf(caller), client })
        : "notFound"
      requireDone(result, "You have no active key with this id.")
    },
  }
}

/** 32 random bytes as 64 lowercase hex characters. */
const generateApiKey = () => randomBytes(32).toString("hex")
