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
   * Keys, the active ones or all: newest first, or with a search by their labels.
   *
   * @param input.userId those of one user; null: of all.
   * @param input.search how the label begins, whatever its case; or the owner's email; or the key's start, at least
   * 8 characters, or its id. Empty: any key.
   * @throws {AuthError} `INVALID_INPUT` for a cursor that is not ours.
   */
  list(
    input: PageInput & { status: "active" | "all"; userId: string | null; search: string },
  ): Promise<Page<OwnedApiKey>>
  /**
   * Once this has resolved, no instance accepts the key.
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
