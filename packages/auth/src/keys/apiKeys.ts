import { randomBytes, randomUUID } from "node:crypto"
import { lookupIdOf, startOf } from "@latchkey/contract"
import {
  type ActingCredential,
  createApiKey,
  type Database,
  type ListedApiKey,
  listApiKeys,
  type OwnerIdentity,
  revokeApiKey,
} from "@latchkey/db"
import type { ClientInfo, Origin } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import type { Keyring } from "../crypto/keyring.ts"
import { AuthError, requireDone, unauthenticated } from "../errors.ts"
import { isKnownAdministrator, type NamedAdmins } from "../identities/administrator.ts"
import { actingCredentialOf, type Caller } from "../identities/caller.ts"
import { isOfLatchkey, type Scopes } from "../identities/scopes.ts"
import { isUuid } from "../isUuid.ts"
import { createKeyedMutex } from "../limits/keyedMutex.ts"
import { type Page, type PageInput, readPage } from "../readPage.ts"
import { formatKey } from "./keyFormat.ts"
import { makeReceipt } from "./receipt.ts"
import { withoutSecrets } from "./withoutSecrets.ts"

/** A key as its owner sees it: with `start`, its prefix and first 8 characters, in place of the lookup id. */
export type ApiKey = Omit<ListedApiKey, "lookupId" | "prefix"> & { start: string }

export interface CreatedApiKey extends Omit<ApiKey, "lastUsedAt" | "revokedAt"> {
  /** The key itself, returned only once. */
  key: string
}

export interface NewApiKey {
  label: string
  /** Null if the key never expires. */
  expiresAt: Date | null
  /** Null for every declared scope that the caller has. */
  scopes: readonly string[] | null
  /** What the product stores with the key. */
  metadata?: Record<string, string> | null
}

/** Owners' own keys. */
export interface ApiKeys {
  /**
   * @throws {AuthError} `INVALID_INPUT`, `INSUFFICIENT_SCOPE` for a scope that the caller lacks, `FORBIDDEN` for a key and
   *   for a scope that only administrators give, `KEY_LIMIT_REACHED`, `UNAUTHENTICATED` if the credential has ended.
   */
  create(caller: Caller, input: NewApiKey, client: ClientInfo): Promise<CreatedApiKey>
  /**
   * Lists the owner's keys, newest first.
   *
   * @param input.search any part of the label, ignoring case. Omitted or empty for any label.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
   */
  list(
    owner: Pick<OwnerIdentity, "id">,
    input: PageInput & { status?: "active" | "all"; search?: string },
  ): Promise<Page<ApiKey>>
  /**
   * Revokes a key. Once this has resolved, no instance accepts it. An API key may revoke only itself.
   *
   * @throws {AuthError} `FORBIDDEN`, `NOT_FOUND`, `UNAUTHENTICATED` if the credential has ended.
   */
  revoke(caller: Caller, input: { id: string }, client: ClientInfo): Promise<void>
}

/** Milliseconds that a creation may wait for other creations of the same owner. */
const PATIENCE = 5_000

export interface ApiKeysOptions {
  maxKeysPerUser: number
  /** Stands in front of new keys; null for keys without a prefix and checksum. */
  keyPrefix: string | null
}

/** The parts of `ApiKeys` that take any credential. */
export interface ActingApiKeys {
  /** @param input.scopes as they are to be stored. */
  create(by: ActingCredential, input: NewApiKey, client: Origin): Promise<CreatedApiKey | "ended">
  list: ApiKeys["list"]
  revoke(by: ActingCredential, input: { id: string }, client: Origin): ReturnType<typeof revokeApiKey>
}

/** Keys for whoever may act for their owner. */
export function createActingApiKeys(
  deps: { db: Database; keyring: Keyring; bcrypt: BcryptQueue },
  options: ApiKeysOptions,
): ActingApiKeys {
  const { db, keyring, bcrypt } = deps
  // Creations have no rate limit, so one owner could otherwise fill the bcrypt queue and block all others.
  const runExclusive = createKeyedMutex(PATIENCE)

  return {
    async create(by, { label, expiresAt, scopes, metadata = null }, client) {
      if (expiresAt && expiresAt.getTime() <= Date.now()) {
        throw new AuthError("INVALID_INPUT", "expiresAt must be in the future", { field: "expiresAt" })
      }
      const prefix = options.keyPrefix
      const key = generateKey()
      const id = randomUUID()
      const ownerId = by.owner.id
      const lookupId = lookupIdOf(key)
      const keyHash = await runExclusive(ownerId, () => bcrypt.hash(key))
      const receipt = makeReceipt(keyring.current, { id, ownerId, keyHash, apiKey: key })
      const stored = { id, prefix, lookupId, keyHash, receipt, receiptSecretId: keyring.current.id }
      const result = await createApiKey(db, {
        by,
        maxKeys: options.maxKeysPerUser,
        apiKey: { ...stored, label, scopes, expiresAt, metadata },
        client,
      })
      if (result === "ended") return result
      switch (result.status) {
        case "created":
          return {
            id,
            label,
            start: startOf(lookupId, prefix),
            scopes: scopes && [...scopes],
            createdBy: result.createdBy,
            createdAt: result.createdAt,
            expiresAt,
            key: formatKey({ prefix, key }),
          }
        case "limitReached":
          throw new AuthError(
            "KEY_LIMIT_REACHED",
            `You have reached the limit of ${options.maxKeysPerUser} active keys; revoke one first.`,
          )
      }
    },

    async list({ id: ownerId }, { cursor, limit, search = "", ...filter }) {
      const { items, nextCursor } = await readPage({ cursor, limit }, (part) =>
        listApiKeys(db, { ownerId, ...part, ...filter, search: withoutSecrets(search) }),
      )
      return { items: items.map(withStart), nextCursor }
    },

    revoke: async (by, { id }, client) => (isUuid(id) ? revokeApiKey(db, { id, by, client }) : "notFound"),
  }
}

export function createApiKeys(
  acting: ActingApiKeys,
  { scopes, namedAdmins }: { scopes: Scopes; namedAdmins: NamedAdmins },
): ApiKeys {
  return {
    async create(caller, input, client) {
      const isManaged = caller.manager !== undefined
      if (caller.via === "apiKey" && !isManaged) {
        throw new AuthError("FORBIDDEN", "An API key can't create keys.")
      }
      if (isManaged && input.scopes?.some(isOfLatchkey)) {
        throw new AuthError("FORBIDDEN", "Only owners themselves can give a key scopes of Latchkey.")
      }
      const isAdministrator = isKnownAdministrator(namedAdmins, caller)
      const granted = scopes.grant(caller, input.scopes, { isAdministrator })
      const created = await acting.create(actingCredentialOf(caller), { ...input, scopes: granted }, client)
      if (created === "ended") throw unauthenticated()
      return created
    },

    list: acting.list,

    async revoke(caller, input, client) {
      if (caller.via === "apiKey" && !caller.manager && caller.apiKeyId !== input.id) {
        throw new AuthError("FORBIDDEN", "An API key may revoke only itself.")
      }
      const result = await acting.revoke(actingCredentialOf(caller), input, client)
      requireDone(result, "You have no active key with this id.")
    },
  }
}

/** A listed key with `start` in place of the prefix and lookup id. */
export const withStart = <Row extends Pick<ListedApiKey, "prefix" | "lookupId">>({
  prefix,
  lookupId,
  ...row
}: Row): Omit<Row, "prefix" | "lookupId"> & { start: string } => ({
  ...row,
  start: startOf(lookupId, prefix),
})

/** 32 random bytes as 64 lowercase hex characters. */
const generateKey = () => randomBytes(32).toString("hex")
