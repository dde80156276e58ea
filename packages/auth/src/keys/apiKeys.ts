import { randomBytes, randomUUID } from "node:crypto"
import { lookupIdOf, startOf } from "@latchkey/contract"
import {
  type ActingCredential,
  type ApiKeySettings,
  createApiKey,
  type Database,
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
import { type NewApiKey, readNewSettings } from "./newSettings.ts"
import { makeReceipt } from "./receipt.ts"
import { type ApiKey, toApiKey } from "./toApiKey.ts"
import { withoutSecrets } from "./withoutSecrets.ts"

export interface CreatedApiKey extends Omit<ApiKey, "lastUsedAt" | "revokedAt"> {
  /** The key itself, returned only once. */
  key: string
}

/** Owners' own keys. */
export interface ApiKeys {
  /**
   * @param input.scopes null for every declared scope that the caller has.
   * @throws {AuthError} `INVALID_INPUT`, `INSUFFICIENT_SCOPE` for a scope that the caller lacks, `FORBIDDEN` for a key, for
   *   a scope that only administrators give and for what only the product may set, `KEY_LIMIT_REACHED`, `UNAUTHENTICATED`
   *   if the credential has ended.
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
  create(by: ActingCredential, settings: ApiKeySettings, client: Origin): Promise<CreatedApiKey | "ended">
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
    async create(by, settings, client) {
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
        apiKey: { ...stored, ...settings },
        client,
      })
      if (result === "ended") return result
      switch (result.status) {
        case "created":
          return {
            id,
            ...settings,
            scopes: settings.scopes && [...settings.scopes],
            allowedIps: settings.allowedIps && [...settings.allowedIps],
            start: startOf(lookupId, prefix),
            disabled: false,
            replaces: null,
            replacedBy: null,
            createdBy: result.createdBy,
            createdAt: result.createdAt,
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
      return { items: items.map(toApiKey), nextCursor }
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
      const settings = readNewSettings(input, { isProduct: isManaged })
      const isAdministrator = isKnownAdministrator(namedAdmins, caller)
      const granted = scopes.grant(caller, settings.scopes, { isAdministrator })
      const created = await acting.create(
        actingCredentialOf(caller),
        { ...settings, scopes: granted },
        client,
      )
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

/** 32 random bytes as 64 lowercase hex characters. */
const generateKey = () => randomBytes(32).toString("hex")
