import { normalizeEmailPrefix } from "@latchkey/contract"
import {
  type AffectedOwner,
  type Database,
  disableUser,
  enableUser,
  type ListedUser,
  listUsers,
  type UserStatus,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { type Administrator, type NamedOwner, requireDoneByAdmin } from "../identities/administrator.ts"
import type { ReadOwner } from "../identities/readOwner.ts"
import { isUuid } from "../isUuid.ts"
import { type Page, type PageInput, readPage } from "../readPage.ts"

/** An owner by id, or by who vouches for them. */
export type OwnerReference = { id: string } | NamedOwner

/** Administration of users, which are all owners of keys. */
export interface AdminUsers {
  /**
   * Lists users, newest first, or by name if `search` is not empty. A name is the email of an own account, and the
   * subject of any other owner.
   *
   * @param input.search a prefix of the name, ignoring case. Empty for any name.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
   */
  list(
    input: PageInput & { status: UserStatus; search: string; exceptOwnAccounts?: boolean },
  ): Promise<Page<ListedUser>>
  /**
   * Disables a user and ends their sessions. Once this has resolved, no instance lets the user sign in or accepts their
   * JWTs, keys, or the host's word for them. The keys are rejected but not revoked.
   *
   * @param user by issuer and subject, also before they are first seen.
   * @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED`, `INVALID_INPUT` for an issuer that is not served, `FORBIDDEN`.
   *   Administrators can't disable themselves, so that one remains who can undo it.
   */
  disable(admin: Administrator, user: OwnerReference, client: ClientInfo): Promise<void>
  /**
   * Lets a user sign in again. Their keys work again.
   *
   * @throws {AuthError} as `disable`.
   */
  enable(admin: Administrator, user: OwnerReference, client: ClientInfo): Promise<void>
}

const NOT_FOUND = "There is no user with this id."

export function createAdminUsers(db: Database, readOwner: ReadOwner): AdminUsers {
  /** Null for an id that nobody can have. */
  function identify(user: OwnerReference): AffectedOwner | null {
    if (!("id" in user)) return readOwner(user)
    return isUuid(user.id) ? user : null
  }

  return {
    list({ status, search, exceptOwnAccounts = false, ...page }) {
      return readPage(page, (part) =>
        listUsers(db, { ...part, status, exceptOwnAccounts, search: normalizeEmailPrefix(search) }),
      )
    },

    async disable(by, user, client) {
      const affected = identify(user)
      if (affected?.id === by.owner.id) {
        throw new AuthError("FORBIDDEN", "You can't disable your own account.")
      }
      requireDoneByAdmin(affected ? await disableUser(db, { affected, by, client }) : "notFound", NOT_FOUND)
    },

    async enable(by, user, client) {
      const affected = identify(user)
      requireDoneByAdmin(affected ? await enableUser(db, { affected, by, client }) : "notFound", NOT_FOUND)
    },
  }
}
