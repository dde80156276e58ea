import type { CreateApiKeyInput, CreatedApiKey, ListApiKeysInput } from "@latchkey/contract"
import type { Call, CallDetails } from "./createCall.ts"
import { listPages } from "./listPages.ts"
import type { ApiKeyList } from "./lists.ts"
import type { CallOptions } from "./options.ts"

/** The keys of one owner. */
export interface ApiKeys {
  /**
   * Creates a key; its `key` is returned here and never again. Needs an access token.
   *
   * @throws {LatchkeyError} `KEY_LIMIT_REACHED`, `INVALID_INPUT`, `FORBIDDEN`.
   */
  create(input: CreateApiKeyInput, options?: CallOptions): Promise<CreatedApiKey>
  /**
   * The caller's active keys, newest first. `await` returns one page, `for await` iterates over all keys, fetching page
   * by page. `options` apply to each page.
   */
  list(input?: ListApiKeysInput, options?: CallOptions): ApiKeyList
  /**
   * Once this resolves, no server accepts the key. A key may revoke only itself.
   *
   * @throws {LatchkeyError} `NOT_FOUND` if the caller has no such active key, `FORBIDDEN`.
   */
  revoke(id: string, options?: CallOptions): Promise<void>
}

export function createApiKeys(
  call: Call,
  { query, mutation }: { query: CallDetails; mutation: CallDetails },
): ApiKeys {
  return {
    create: (input, options) => call("apiKeys", "create", input, { ...options, ...mutation }),
    list: (input, options) =>
      listPages((cursor = input?.cursor ?? undefined) =>
        call("apiKeys", "list", { ...input, cursor }, { ...options, ...query }),
      ),
    revoke: (id, options) => call("apiKeys", "revoke", { id }, { ...options, ...mutation }),
  }
}
