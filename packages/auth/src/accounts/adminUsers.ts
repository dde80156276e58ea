import { normalizeEmailPrefix } from "@latchkey/contract"
import {
  type Database,
  disableUser,
  enableUser,
  type ListedUser,
  listUsers,
  type UserStatus,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { type AdminSession, requireDoneByAdmin } from "../identities/adminSession.ts"
import { isUuid } from "../isUuid.ts"
import { type Page, type PageInput, readPage } from "../readPage.ts"

/** User administration. */
export interface AdminUsers {
  /**
   * Lists users, newest first, or by email if `search` is not empty.
   *
   * @param input.search a prefix of the email, ignoring case. Empty for any email.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
   */
  list(input: PageInput & { status: UserStatus; search: string }): Promise<Page<ListedUser>>
  /**
   * Disables a user and ends their sessions. Once this has resolved, no instance lets the user sign in or accepts their
   * access tokens or keys. The keys are rejected but not revoked.
   *
   * @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED`, `FORBIDDEN`. Administrators can't disable themselves, so that
   *   one remains who can undo it.
   */
  disable(admin: AdminSession, input: { id: string }, client: ClientInfo): Promise<void>
  /**
   * Lets a user sign in again. Their keys work again.
   *
   * @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED`, `FORBIDDEN`.
   */
  enable(admin: AdminSession, input: { id: string }, client: ClientInfo): Promise<void>
}

const NOT_FOUND = "There is no user with this id."

export function createAdminUsers(db: Database): AdminUsers {
  return {
    list({ status, search, ...page }) {
      return readPage(page, (part) =>
        listUsers(db, { ...part, status, search: normalizeEmailPrefix(search) }),
      )
    },

    async disable(by, { id }, client) {
      if (id === by.adminId) throw new AuthError("FORBIDDEN", "You can't disable your own account.")
      requireDoneByAdmin(isUuid(id) ? await disableUser(db, { id, by, client }) : "notFound", NOT_FOUND)
    },

    async enable(by, { id }, client) {
      requireDoneByAdmin(isUuid(id) ? await enableUser(db, { id, by, client }) : "notFound", NOT_FOUND)
    },
  }
}
