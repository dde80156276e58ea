import { type ApiKeyUsage, startOf } from "@latchkey/contract"
import {
  type ActingCredential,
  createApiKey,
  type Database,
  findApiKey,
  findScanEnd,
  listApiKeys,
  type OwnerIdentity,
  revokeApiKey,
  updateApiKey,
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
import { type Page, type PageInput, readBoundedPage } from "../readPage.ts"
import { type ApiKeyChange, type CheckedChange, checkChange, decideChange } from "./changedSettings.ts"
import { createExpiry } from "./expiry.ts"
import type { KeyRateLimits } from "./keyRateLimits.ts"
import type { KeyUsage } from "./keyUsage.ts"
import { createMakeSecret } from "./newSecret.ts"
import { type NewApiKey, type NewSettings, readNewSettings } from "./newSettings.ts"
import { createRotate, type Rotate, type Rotation } from "./rotation.ts"
import { type ApiKey, type CreatedApiKey, toApiKey } from "./toApiKey.ts"
import { withoutSecrets } from "./withoutSecrets.ts"

/** Owners' own keys. */
export interface ApiKeys {
  /**
   * @param input.scopes null for every declared scope that the caller has.
   * @throws {AuthError} `INVALID_INPUT`, `INSUFFICIENT_SCOPE` for a scope that the caller lacks, `FORBIDDEN` for a
   *   key, for a scope that only administrators can give, and for fields that only the product may set,
   *   `KEY_LIMIT_REACHED`, `UNAUTHENTICATED` if the credential has ended.
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
  /** One of the owner's keys, whether it is active or not. @throws {AuthError} `NOT_FOUND`. */
  get(owner: Pick<OwnerIdentity, "id">, input: { id: string }): Promise<ApiKey>
  /**
   * Changes an active key. Undefined fields stay as they are.
   *
   * @throws {AuthError} as `create`, and `NOT_FOUND`; `FORBIDDEN` also for settings that the product has locked.
   */
  update(caller: Caller, input: { id: string } & ApiKeyChange, client: ClientInfo): Promise<ApiKey>
  /**
   * Replaces an active key with a new one that has the same settings. Once this has resolved with a `grace` of 0, no
   * instance accepts the old key.
   *
   * @param input.grace how many seconds the old key stays valid, if it does not expire earlier.
   * @param input.expiresAt undefined for the old key's expiry.
   * @throws {AuthError} as `create`, `NOT_FOUND`, and `ALREADY_REPLACED`.
   */
  rotate(caller: Caller, input: { id: string } & Rotation, client: ClientInfo): Promise<CreatedApiKey>
  /**
   * How often one of the owner's keys was used on the last `days`, whether it is active or not.
   *
   * @throws {AuthError} `NOT_FOUND`.
   */
  usage(owner: Pick<OwnerIdentity, "id">, input: { id: string; days: number }): Promise<ApiKeyUsage>
  /** How often each of the owner's active keys was used on the last `days`. */
  usageOfAll: KeyUsage["ofAll"]
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
  rateLimits: KeyRateLimits
  maxKeysPerUser: number
  /** The prefix of new keys; null for keys without a prefix and checksum. */
  keyPrefix: string | null
  /** The maximum lifetime of keys in days; null for none. */
  maxKeyLifetimeDays: number | null
}

/** The parts of `ApiKeys` that take any credential. */
export interface ActingApiKeys {
  /** @param settings.scopes as they are to be stored. @throws {AuthError} as `ApiKeys.create`. */
  create(by: ActingCredential, settings: NewSettings, client: Origin): Promise<CreatedApiKey | "ended">
  list: ApiKeys["list"]
  /** Resolves to undefined if the owner has no such key. */
  get(owner: Pick<OwnerIdentity, "id">, input: { id: string }): Promise<ApiKey | undefined>
  /** @throws {AuthError} if this change is not possible. */
  update(
    by: ActingCredential,
    input: { id: string; change: CheckedChange },
    client: Origin,
  ): Promise<ApiKey | "notFound" | "ended">
  rotate: Rotate
  revoke(by: ActingCredential, input: { id: string }, client: Origin): ReturnType<typeof revokeApiKey>
}

/** Keys for callers who may act for the owner. */
export function createActingApiKeys(
  deps: { db: Database; keyring: Keyring; bcrypt: BcryptQueue },
  options: ApiKeysOptions,
): ActingApiKeys {
  const { db, keyring, bcrypt } = deps
  const { rateLimits } = options
  // Creations have no rate limit, so one owner could otherwise fill the bcrypt queue and block all others.
  const runExclusive = createKeyedMutex(PATIENCE)
  const makeSecret = createMakeSecret({ keyring, bcrypt }, options)
  const expiry = createExpiry(options.maxKeyLifetimeDays)

  return {
    async create(by, chosen, client) {
      const settings = { ...chosen, expiresAt: expiry.ofNewKey(chosen.expiresAt) }
      const { key, stored } = await runExclusive(by.owner.id, () => makeSecret(by.owner.id))
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
            id: stored.id,
            ...settings,
            scopes: settings.scopes && [...settings.scopes],
            rateLimit: rateLimits.effective(settings),
            allowedIps: settings.allowedIps && [...settings.allowedIps],
            start: startOf(stored.lookupId, stored.prefix),
            disabled: false,
            replaces: null,
            replacedBy: null,
            createdBy: result.createdBy,
            createdAt: result.createdAt,
            key,
          }
        case "limitReached":
          throw new AuthError(
            "KEY_LIMIT_REACHED",
            `You have reached the limit of ${options.maxKeysPerUser} active keys; revoke one first.`,
          )
      }
    },

    async list({ id: ownerId }, { cursor, limit, search = "", status = "active" }) {
      const { items, nextCursor } = await readBoundedPage({ cursor, limit }, async (part) => {
        const isFiltered = status === "active" || search !== ""
        const end = isFiltered ? await findScanEnd(db, { ownerId, status, after: part.after }) : null
        const page = { ownerId, status, search: withoutSecrets(search), ...part, upTo: end }
        return { rows: await listApiKeys(db, page), end }
      })
      return { items: items.map((row) => toApiKey(row, rateLimits)), nextCursor }
    },

    async get({ id: ownerId }, { id }) {
      const row = isUuid(id) ? await findApiKey(db, { id, ownerId }) : undefined
      return row && toApiKey(row, rateLimits)
    },

    async update(by, { id, change }, client) {
      if (!isUuid(id)) return "notFound"
      const result = await updateApiKey(db, {
        ...{ id, by, client },
        decide: (before) => decideChange(before, change, { expiry, rateLimits }),
      })
      if (typeof result === "string") return result
      if ("refusal" in result) throw result.refusal
      return toApiKey(result.apiKey, rateLimits)
    },

    rotate: createRotate({ db, runExclusive, makeSecret, expiry, rateLimits }),

    revoke: async (by, { id }, client) => (isUuid(id) ? revokeApiKey(db, { id, by, client }) : "notFound"),
  }
}

export function createApiKeys(
  acting: ActingApiKeys,
  {
    scopes,
    namedAdmins,
    rateLimits,
    usage,
  }: {
    scopes: Scopes
    namedAdmins: NamedAdmins
    rateLimits: Pick<KeyRateLimits, "refuse">
    usage: KeyUsage
  },
): ApiKeys {
  /** The scopes to store, given those that a caller asks for. */
  function grant(caller: Caller, requested: readonly string[] | null) {
    if (caller.manager && requested?.some(isOfLatchkey)) {
      throw onlyOwners()
    }
    return scopes.grant(caller, requested, { isAdministrator: isKnownAdministrator(namedAdmins, caller) })
  }

  /** The scopes to store for a key that replaces another one, given those of the old key. */
  function copyScopes(caller: Caller, stored: readonly string[] | null) {
    if (caller.manager && stored?.some(isOfLatchkey)) throw onlyOwners()
    return scopes.copy(caller, stored, { isAdministrator: isKnownAdministrator(namedAdmins, caller) })
  }

  return {
    async create(caller, input, client) {
      if (caller.via === "apiKey" && !caller.manager) {
        throw new AuthError("FORBIDDEN", "An API key can't create keys.")
      }
      const chosen = readNewSettings(input, { isProduct: isProduct(caller) })
      const settings = { ...chosen, scopes: grant(caller, chosen.scopes) }
      const refusal = isProduct(caller) ? null : rateLimits.refuse(settings)
      if (refusal) throw refusal
      const created = await acting.create(actingCredentialOf(caller), settings, client)
      if (created === "ended") throw unauthenticated()
      return created
    },

    list: acting.list,

    async get(owner, input) {
      const apiKey = await acting.get(owner, input)
      if (!apiKey) throw new AuthError("NOT_FOUND", NONE_OF_THEIRS)
      return apiKey
    },

    async usage(owner, input) {
      const items = await usage.ofKey(owner, input)
      if (!items) throw new AuthError("NOT_FOUND", NONE_OF_THEIRS)
      return { items }
    },

    usageOfAll: usage.ofAll,

    async update(caller, { id, ...change }, client) {
      if (caller.via === "apiKey" && !caller.manager) {
        throw new AuthError("FORBIDDEN", "An API key can't change keys.")
      }
      const checked = checkChange(change, {
        isProduct: isProduct(caller),
        isByManager: caller.manager !== undefined,
        grant: (requested) => grant(caller, requested),
      })
      const result = await acting.update(actingCredentialOf(caller), { id, change: checked }, client)
      if (result === "ended") throw unauthenticated()
      if (result === "notFound") throw new AuthError("NOT_FOUND", NOT_THEIRS)
      return result
    },

    async rotate(caller, input, client) {
      if (caller.via === "apiKey" && !caller.manager) {
        throw new AuthError("FORBIDDEN", "An API key can't replace keys.")
      }
      const result = await acting.rotate(
        actingCredentialOf(caller),
        { ...input, copyScopes: (stored) => copyScopes(caller, stored) },
        client,
      )
      if (result === "ended") throw unauthenticated()
      if (result === "notFound") throw new AuthError("NOT_FOUND", NOT_THEIRS)
      return result
    },

    async revoke(caller, input, client) {
      if (caller.via === "apiKey" && !caller.manager && caller.apiKeyId !== input.id) {
        throw new AuthError("FORBIDDEN", "An API key may revoke only itself.")
      }
      const result = await acting.revoke(actingCredentialOf(caller), input, client)
      requireDone(result, NOT_THEIRS)
    },
  }
}

const onlyOwners = () =>
  new AuthError("FORBIDDEN", "Only owners themselves can give a key one of Latchkey's scopes.")

const NONE_OF_THEIRS = "You have no key with this id."
const NOT_THEIRS = "You have no active key with this id."

/**
 * Whether the caller is a key with `latchkey:manage`, which is the product itself, and not a browser with a token
 * that it created.
 */
const isProduct = (caller: Caller) => caller.via === "apiKey" && caller.manager !== undefined
