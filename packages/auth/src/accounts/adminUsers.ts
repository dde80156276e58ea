import { normalizeEmailPrefix } from "@latchkey/contract"
import {
  type AffectedOwner,
  type Database,
  DatabaseUnavailable,
  disableUser,
  enableUser,
  eraseUser,
  type ListedUser,
  listUsers,
  type UserStatus,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { type Administrator, type NamedOwner, requireDoneByAdmin } from "../identities/administrator.ts"
import type { ReadOwner } from "../identities/readOwner.ts"
import { isUuid } from "../isUuid.ts"
import { withoutSecrets } from "../keys/withoutSecrets.ts"
import { type Page, type PageInput, readPage } from "../readPage.ts"
import { finishErasure } from "./finishErasure.ts"

/** An owner by id, or by issuer and subject. */
export type OwnerReference = { id: string } | NamedOwner

/** Administration of users. Every owner of keys is a user here. */
export interface AdminUsers {
  /**
   * Lists users who are not erased, newest first, or by name if `search` is not empty. A name is the email of an own account, and the
   * subject of any other owner.
   *
   * @param input.search a part of the name, ignoring case. Empty for any name.
   * @param input.issuers only owners of these issuers; all owners if left out.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
   */
  list(
    input: PageInput & { status: UserStatus; search: string; issuers?: readonly string[] | undefined },
  ): Promise<Page<ListedUser>>
  /**
   * Disables a user and ends their sessions. Once this has resolved, no instance lets the user sign in or accepts
   * their JWTs or keys, or them when the host identifies them. The keys are rejected but not revoked.
   *
   * @param user by issuer and subject, also before they are first seen.
   * @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED`, `INVALID_INPUT` for an issuer that is not served, `FORBIDDEN`.
   *   Administrators can't disable themselves, so that one remains who can undo it.
   */
  disable(admin: Administrator, user: OwnerReference, client: ClientInfo): Promise<void>
  /**
   * Lets a user sign in again. Their keys work again.
   *
   * @throws {AuthError} as `disable`; `NOT_FOUND` also for an erased user.
   */
  enable(admin: Administrator, user: OwnerReference, client: ClientInfo): Promise<void>
  /**
   * Erases a user for good, even a disabled one: ends their keys and sessions, and removes all personal data. The row
   * remains, without any personal data, so that everything issued to the user before stays refused. Changes nothing
   * for an erased user.
   *
   * @param user by issuer and subject, also before they are first seen.
   * @throws {AuthError} as `disable`; `FORBIDDEN` also for an account whose email makes an administrator, because whoever
   *   registers the email next would be one; `UNAVAILABLE` with `begun` if the user is refused everywhere, but some of the
   *   data may still be there. A repeated call, or the sweeper, removes the rest.
   */
  erase(admin: Administrator, user: OwnerReference, client: ClientInfo): Promise<void>
}

export const NO_SUCH_USER = "There is no such user."

/**
 * @throws {AuthError} `FORBIDDEN` if the account is an administrator's: no administrator may take over another's
 *   account.
 */
export function refuseAdministrator(isAdministrator: boolean) {
  if (!isAdministrator) return
  throw new AuthError(
    "FORBIDDEN",
    "For an administrator's account, only the server's command line can do this.",
  )
}

/** How long a call works before it tells its client to repeat it: less than the timeout of most clients. */
const MAX_ERASING_MS = 8_000

/** @param options.adminEmails the emails (lower case) that make an administrator. */
export function createAdminUsers(
  db: Database,
  { readOwner, adminEmails }: { readOwner: ReadOwner; adminEmails: readonly string[] },
): AdminUsers {
  /** Null for an id that nobody can have. */
  function identify(user: OwnerReference): AffectedOwner | null {
    if (!("id" in user)) return readOwner(user)
    return isUuid(user.id) ? user : null
  }

  return {
    list({ status, search, issuers, ...page }) {
      return readPage(page, (part) =>
        listUsers(db, {
          ...part,
          status,
          issuers,
          search: normalizeEmailPrefix(withoutSecrets(search)),
        }),
      )
    },

    async disable(by, user, client) {
      const affected = identify(user)
      if (affected?.id === by.owner.id) {
        throw new AuthError("FORBIDDEN", "You can't disable your own account.")
      }
      requireDoneByAdmin(
        affected ? await disableUser(db, { affected, by, client }) : "notFound",
        NO_SUCH_USER,
      )
    },

    async enable(by, user, client) {
      const affected = identify(user)
      requireDoneByAdmin(affected ? await enableUser(db, { affected, by, client }) : "notFound", NO_SUCH_USER)
    },

    async erase(by, user, client) {
      const affected = identify(user)
      if (!affected) throw new AuthError("NOT_FOUND", NO_SUCH_USER)
      if (affected.id === by.owner.id) throw new AuthError("FORBIDDEN", "You can't erase your own account.")
      const result = await eraseUser(db, { affected, by, adminEmails, client })
      if (result === "isNamed") {
        throw new AuthError("FORBIDDEN", "The account's email is in ADMIN_EMAILS; remove it there first.")
      }
      requireDoneByAdmin(result, NO_SUCH_USER)
      const endsAt = performance.now() + MAX_ERASING_MS
      const isOver = () => performance.now() > endsAt
      try {
        if (!(await finishErasure(db, { id: affected.id, client, isOver }))) throw unfinished()
      } catch (cause) {
        throw cause instanceof DatabaseUnavailable ? unfinished(cause) : cause
      }
    },
  }
}

const unfinished = (cause?: unknown) =>
  new AuthError(
    "UNAVAILABLE",
    "The user is rejected everywhere, but some of the data may still be there; repeat the call to continue.",
    {
      begun: true,
      retryAfter: 1,
      ...(cause !== undefined && { cause }),
    },
  )
