import type {
  ApiKey,
  ApiKeyUsage,
  CreatedApiKey,
  ListApiKeysInput,
  UsageOfApiKeys,
  UsageOfApiKeysInput,
} from "@latchkey/contract"
import type { CallOptions } from "../options.ts"
import type { Call, CallDetails } from "../transport/createCall.ts"
import { type ApiKeyRotation, type ApiKeyUpdate, type NewApiKey, withExpiresAt } from "./expiry.ts"
import { listPages } from "./listPages.ts"
import type { ApiKeyList } from "./lists.ts"

/** The keys of one owner. */
export interface ApiKeys {
  /**
   * Creates a key; its `key` is returned here and never again. Needs an access token.
   *
   * @throws {LatchkeyError} `KEY_LIMIT_REACHED`, `INVALID_INPUT`, `FORBIDDEN`.
   */
  create(input: NewApiKey, options?: CallOptions): Promise<CreatedApiKey>
  /**
   * The caller's active keys, newest first. `await` returns one page, `for await` iterates over all keys, fetching page
   * by page. `options` apply to each page.
   */
  list(input?: ListApiKeysInput, options?: CallOptions): ApiKeyList
  /**
   * One of the keys, active or not. Needs an access token.
   *
   * @throws {LatchkeyError} `NOT_FOUND`.
   */
  get(id: string, options?: CallOptions): Promise<ApiKey>
  /**
   * Changes an active key, for example with `{ disabled: true }`. Fields that are left out stay as they are, and null
   * lifts a restriction. Needs an access token.
   *
   * @throws {LatchkeyError} `NOT_FOUND`, `INVALID_INPUT`, `FORBIDDEN` for settings that the product has locked.
   */
  update(id: string, change: ApiKeyUpdate, options?: CallOptions): Promise<ApiKey>
  /**
   * Replaces an active key with a new one that has the same settings. Its `key` is returned here and never again. The
   * old key stays valid for `grace` seconds, a day by default. Needs an access token.
   *
   * @throws {LatchkeyError} `NOT_FOUND`, `ALREADY_REPLACED`, `INVALID_INPUT`, `FORBIDDEN`, `INSUFFICIENT_SCOPE`.
   */
  rotate(id: string, input?: ApiKeyRotation, options?: CallOptions): Promise<CreatedApiKey>
  /**
   * How often one of the keys, active or not, was used on each of the last `days` (30 by default). Needs an access
   * token.
   *
   * @throws {LatchkeyError} `NOT_FOUND`.
   */
  usage(id: string, input?: UsageOfApiKeysInput, options?: CallOptions): Promise<ApiKeyUsage>
  /** How often each of the active keys was used. Needs an access token. */
  usageOfAll(input?: UsageOfApiKeysInput, options?: CallOptions): Promise<UsageOfApiKeys>
  /**
   * Once this resolves, no server accepts the key. A key may revoke only itself.
   *
   * @throws {LatchkeyError} `NOT_FOUND` if the caller has no such active key, `FORBIDDEN`.
   */
  revoke(id: string, options?: CallOptions): Promise<void>
}

/** The keys of the caller, and reporting leaked keys. */
export interface CallersApiKeys extends ApiKeys {
  /**
   * Revokes a key that you have found, whoever owns it. Needs no credential, and sends none. Once this resolves, no server
   * accepts the key; it also resolves if the key is unknown or was revoked before.
   *
   * @throws {LatchkeyError} `RATE_LIMITED`.
   */
  reportLeaked(key: string, options?: CallOptions): Promise<void>
}

export function createApiKeys(
  call: Call,
  { query, mutation }: { query: CallDetails; mutation: CallDetails },
): ApiKeys {
  return {
    create: async (input, options) =>
      call("apiKeys", "create", withExpiresAt(input), { ...options, ...mutation }),
    list: (input, options) =>
      listPages(input, (page) => call("apiKeys", "list", page, { ...options, ...query })),
    get: (id, options) => call("apiKeys", "get", { id }, { ...options, ...query }),
    update: async (id, change, options) =>
      call("apiKeys", "update", { ...withExpiresAt(change), id }, { ...options, ...mutation }),
    rotate: async (id, input, options) =>
      call("apiKeys", "rotate", { ...withExpiresAt(input ?? {}), id }, { ...options, ...mutation }),
    usage: (id, input, options) => call("apiKeys", "usage", { ...input, id }, { ...options, ...query }),
    usageOfAll: (input, options) => call("apiKeys", "usageOfAll", input, { ...options, ...query }),
    revoke: (id, options) => call("apiKeys", "revoke", { id }, { ...options, ...mutation }),
  }
}
