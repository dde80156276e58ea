import { lookupIdOf, normalizeEmailPrefix, startOf } from "@latchkey/contract"
import { type ApiKeySearch, type Database, listEveryonesApiKeys, revokeAnyonesApiKey } from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { type AdminSession, requireDoneByAdmin } from "../identities/adminSession.ts"
import { isUuid } from "../isUuid.ts"
import { type Page, type PageInput, readPage } from "../readPage.ts"
import type { ApiKey } from "./apiKeys.ts"

export interface OwnedApiKey extends ApiKey {
  /** While the owner's `disabledAt` is set, the key is rejected. */
  owner: { id: string; email: string; disabledAt: Date | null }
}

/** Administration of all users' keys. */
export interface AdminApiKeys {
  /**
   * Lists keys, newest first, or by label if `search` is not empty.
   *
   * @param input.userId the owner of the keys, or null for all users.
   * @param input.search a prefix of the label, ignoring case; the owner's full email; the key's id; or at least the
   *   key's first 8 characters. Empty for any key.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
   */
  list(
    input: PageInput & { status: "active" | "all"; userId: string | null; search: string },
  ): Promise<Page<OwnedApiKey>>
  /**
   * Revokes a key. Once this has resolved, no instance accepts it.
   *
   * @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED`, `FORBIDDEN`.
   */
  revoke(admin: AdminSession, input: { id: string }, client: ClientInfo): Promise<void>
}

export function createAdminApiKeys(db: Database): AdminApiKeys {
  return {
    async list({ status, userId, search, ...page }) {
      if (userId !== null && !isUuid(userId)) return { items: [], nextCursor: null }
      const { items, nextCursor } = await readPage(page, (part) =>
        listEveryonesApiKeys(db, { ...part, status, userId, search: readSearch(search) }),
      )
      return {
        items: items.map(({ lookupId, ...row }) => ({ ...row, start: startOf(lookupId) })),
        nextCursor,
      }
    },

    async revoke(by, { id }, client) {
      const result = isUuid(id) ? await revokeAnyonesApiKey(db, { id, by, client }) : "notFound"
      requireDoneByAdmin(result, "There is no active key with this id.")
    },
  }
}

/** The fields that a search term may match. If it is a whole key, only its public part is used. */
function readSearch(search: string): ApiKeySearch | null {
  if (search === "") return null
  const label = /^[0-9a-f]{17,}$/.test(search) ? lookupIdOf(search) : search
  return {
    label,
    ...(label.includes("@") && { email: normalizeEmailPrefix(label) }),
    ...(/^[0-9a-f]{8,16}$/.test(label) && { start: label }),
    ...(isUuid(label) && { id: label }),
  }
}
