import type {
  ListOwnedApiKeysInput,
  ListUsersInput,
  ResetLink,
  RevokeWhereConditions,
  RevokeWhereInput,
  RevokeWherePreview,
  RevokeWhereResult,
  UserReference,
} from "@latchkey/contract"
import { isApiKey, publicPartOf } from "@latchkey/contract"
import type { CallOptions } from "../options.ts"
import type { Call, CallDetails } from "../transport/createCall.ts"
import { listPages } from "./listPages.ts"
import type { OwnedApiKeyList, UserList } from "./lists.ts"

/** Calls for administrators, by access token. Other users and API keys get `FORBIDDEN`. */
export interface Admin {
  readonly users: {
    /** Newest first, or with a search by email. `await` returns one page, `for await` iterates over all users. */
    list(input?: ListUsersInput, options?: CallOptions): UserList
    /**
     * Once this resolves, every server rejects the user's sign-ins, keys and access tokens.
     *
     * @param user the user's id, or the issuer and subject of a user without an account of Latchkey's own, even
     *   before they are first seen.
     * @throws {LatchkeyError} `NOT_FOUND`, or `FORBIDDEN` for the caller's own id.
     */
    disable(user: string | UserReference, options?: CallOptions): Promise<void>
    /**
     * Lets the user sign in again, and accepts their keys again.
     *
     * @throws {LatchkeyError} `NOT_FOUND`.
     */
    enable(user: string | UserReference, options?: CallOptions): Promise<void>
    /**
     * Ends the user's sessions and keys and removes their personal data, for good. Once this resolves, every server
     * rejects everything that was issued to the user before. Erasing an erased user changes nothing.
     *
     * @param user as in `disable`.
     * @throws {LatchkeyError} as `disable`; `FORBIDDEN` also for an account whose email is in the server's `ADMIN_EMAILS`;
     *   `UNAVAILABLE` with `begun: true` if parts of the user's audit trail may
     *   still contain personal data: repeat the call.
     */
    erase(user: string | UserReference, options?: CallOptions): Promise<void>
    /**
     * Removes the second factor of a user who has lost the app and the recovery codes, and ends their sessions.
     *
     * @throws {LatchkeyError} `NOT_FOUND`, or `FORBIDDEN` for administrators.
     */
    resetSecondFactor(id: string, options?: CallOptions): Promise<void>
    /**
     * Creates a link by which a user with an account sets a new password, once and within an hour.
     *
     * @throws {LatchkeyError} `NOT_FOUND`, or `FORBIDDEN` for administrators and disabled users.
     */
    createResetLink(id: string, options?: CallOptions): Promise<ResetLink>
  }
  readonly apiKeys: {
    /**
     * The active keys of all users, newest first, or with a search by label. `await` returns one page, `for await`
     * iterates over all keys.
     */
    list(input?: ListOwnedApiKeysInput, options?: CallOptions): OwnedApiKeyList
    /**
     * Once this resolves, no server accepts the key.
     *
     * @throws {LatchkeyError} `NOT_FOUND` if there is no such active key.
     */
    revoke(id: string, options?: CallOptions): Promise<void>
    /**
     * With `preview`, returns what would be revoked. With the `confirm` from there, and the same `where`, revokes it:
     * once this resolves, no server accepts any of the keys.
     *
     * @throws {LatchkeyError} `UNAVAILABLE` with `begun: true` if not all keys are revoked yet: repeat the call.
     */
    revokeWhere(
      input: { where: RevokeWhereConditions; preview: true },
      options?: CallOptions,
    ): Promise<RevokeWherePreview>
    revokeWhere(
      input: { where: RevokeWhereConditions; confirm: string },
      options?: CallOptions,
    ): Promise<RevokeWhereResult>
  }
}

export function createAdmin(
  call: Call,
  { query, mutation }: { query: CallDetails; mutation: CallDetails },
): Admin {
  return {
    users: {
      list: (input, options) =>
        listPages(input, (page) => call("admin.users", "list", page, { ...options, ...query })),
      disable: (user, options) =>
        call("admin.users", "disable", toReference(user), { ...options, ...mutation }),
      enable: (user, options) =>
        call("admin.users", "enable", toReference(user), { ...options, ...mutation }),
      erase: (user, options) =>
        call("admin.users", "erase", toReference(user), { ...options, ...mutation, isRepeatable: true }),
      resetSecondFactor: (id, options) =>
        call("admin.users", "resetSecondFactor", { id }, { ...options, ...mutation }),
      createResetLink: (id, options) =>
        call("admin.users", "createResetLink", { id }, { ...options, ...mutation }),
    },
    apiKeys: {
      list: (input, options) =>
        listPages(input, (page) =>
          call(
            "admin.apiKeys",
            "list",
            { ...page, search: withoutSecret(page.search) },
            { ...options, ...query },
          ),
        ),
      revoke: (id, options) => call("admin.apiKeys", "revoke", { id }, { ...options, ...mutation }),
      // The overloads of `Admin` tell which input returns what.
      revokeWhere: (input: RevokeWhereInput, options?: CallOptions) =>
        call("admin.apiKeys", "revokeWhere", input, {
          ...options,
          ...mutation,
          isRepeatable: true,
        }) as Promise<never>,
    },
  }
}

/** A query's input is sent in the URL, which ends up in logs. An administrator may search for a whole leaked key. */
function withoutSecret(search: string | undefined) {
  const text = search?.trim()
  return text !== undefined && isApiKey(text) ? publicPartOf(text) : search
}

const toReference = (user: string | UserReference): UserReference =>
  typeof user === "string" ? { id: user } : user
