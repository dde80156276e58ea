import type { ListOwnedApiKeysInput, ListUsersInput } from "@latchkey/contract"
import { isApiKey } from "@latchkey/contract"
import type { Call, CallDetails } from "./createCall.ts"
import { listPages } from "./listPages.ts"
import type { OwnedApiKeyList, UserList } from "./lists.ts"
import type { CallOptions } from "./options.ts"

/** For administrators, by access token. For everybody else, and for API keys, all of it throws `FORBIDDEN`. */
export interface Admin {
  readonly users: {
    /** All users, newest first, or with a search by their emails. `await` gives one page, `for await` all users. */
    list(input?: ListUsersInput, options?: CallOptions): UserList
    /**
     * Once this has resolved, no server lets the user in, or accepts a key or access token of theirs.
     *
     * @throws {LatchkeyError} `NOT_FOUND`, `FORBIDDEN` for oneself.
     */
    disable(id: string, options?: CallOptions): Promise<void>
    /**
     * Lets a user sign in again; the keys work again.
     *
     * @throws {LatchkeyError} `NOT_FOUND`.
     */
    enable(id: string, options?: CallOptions): Promise<void>
  }
  readonly apiKeys: {
    /**
     * The active keys of all users, newest first, or with a search by their labels. `await` gives one page, `for await`
     * all keys.
     */
    list(input?: ListOwnedApiKeysInput, options?: CallOptions): OwnedApiKeyList
    /**
     * Once this has resolved, no server accepts the key.
     *
     * @throws {LatchkeyError} `NOT_FOUND` when there is no such active key.
     */
    revoke(id: string, options?: CallOptions): Promise<void>
  }
}

export function createAdmin(
  call: Call,
  { query, mutation }: { query: CallDetails; mutation: CallDetails },
): Admin {
  return {
    users: {
      list: (input, options) =>
        listPages((cursor = input?.cursor ?? undefined) =>
          call("admin.users", "list", { ...input, cursor }, { ...options, ...query }),
        ),
      disable: (id, options) => call("admin.users", "disable", { id }, { ...options, ...mutation }),
      enable: (id, options) => call("admin.users", "enable", { id }, { ...options, ...mutation }),
    },
    apiKeys: {
      list: (input, options) =>
        listPages((cursor = input?.cursor ?? undefined) =>
          call(
            "admin.apiKeys",
            "list",
            { ...input, cursor, search: withoutSecret(input?.search) },
            { ...options, ...query },
          ),
        ),
      revoke: (id, options) => call("admin.apiKeys", "revoke", { id }, { ...options, ...mutation }),
    },
  }
}

/** A query's input travels in the URL, which ends up in logs; who looks for a key that was found may have all of it. */
function withoutSecret(search: string | undefined) {
  const text = search?.trim()
  return text !== undefined && isApiKey(text) ? text.slice(0, 16) : search
}
