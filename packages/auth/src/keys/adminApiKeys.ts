import { normalizeEmailPrefix } from "@latchkey/contract"
import { type ApiKeySearch, type Database, listEveryonesApiKeys, revokeAnyonesApiKey } from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { type Administrator, requireDoneByAdmin } from "../identities/administrator.ts"
import type { Owner } from "../identities/caller.ts"
import { isUuid } from "../isUuid.ts"
import { type Page, type PageInput, readPage } from "../readPage.ts"
import type { KeyRateLimits } from "./keyRateLimits.ts"
import { createRevokeWhere, type RevokeWhere } from "./revokeWhere.ts"
import { type ApiKey, toApiKey } from "./toApiKey.ts"
import { withoutSecrets } from "./withoutSecrets.ts"

export interface OwnedApiKey extends ApiKey {
  /** While the owner's `disabledAt` is set, the key is rejected. */
  owner: Pick<Owner, "id" | "issuer" | "subject" | "email"> & { disabledAt: Date | null }
}

/** Administration of all users' keys. */
export interface AdminApiKeys {
  /**
   * Lists keys, newest first, or by label if `search` is not empty.
   *
   * @param input.userId the owner of the keys, or null for all users.
   * @param input.search a prefix of the label, ignoring case; the owner's full email; the key's id; or at least the
   *   key's first 8 characters, or 4 of an imported key. Empty for any key.
   * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
   */
  list(
    input: PageInput & {
      status: "active" | "all"
      userId: string | null
      search: string
      /** `imported`: only keys from another system. */
      origin?: "any" | "imported"
      /** Only owners of these issuers; all owners if left out. */
      issuers?: readonly string[] | undefined
    },
  ): Promise<Page<OwnedApiKey>>
  /**
   * Revokes a key. Once this has resolved, no instance accepts it.
   *
   * @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED`, `FORBIDDEN`.
   */
  revoke(admin: Administrator, input: { id: string }, client: ClientInfo): Promise<void>
  revokeWhere: RevokeWhere
}

export function createAdminApiKeys(db: Database, rateLimits: KeyRateLimits): AdminApiKeys {
  return {
    revokeWhere: createRevokeWhere(db, rateLimits),

    async list({ status, userId, search, origin, issuers, ...page }) {
      if (userId !== null && !isUuid(userId)) return { items: [], nextCursor: null }
      const { items, nextCursor } = await readPage(page, (part) =>
        listEveryonesApiKeys(db, {
          ...part,
          ...{ status, userId, issuers, search: readSearch(search) },
          imported: origin === "imported",
        }),
      )
      return { items: items.map((row) => toApiKey(row, rateLimits)), nextCursor }
    },

    async revoke(by, { id }, client) {
      const result = isUuid(id) ? await revokeAnyonesApiKey(db, { affected: id, by, client }) : "notFound"
      requireDoneByAdmin(result, "There is no active key with this id.")
    },
  }
}

/** The criteria for a search term. If the term is a key or a part of one, only its public part is used. */
function readSearch(search: string): ApiKeySearch | null {
  if (search === "") return null
  const [, , ofKey] = KEY.exec(search) ?? []
  const label = withoutSecrets(search)
  return {
    label,
    ...(label.includes("@") && { email: normalizeEmailPrefix(label) }),
    ...(ofKey !== undefined && { start: ofKey }),
    ...(IMPORTED.test(label) && { imported: label }),
    ...(isUuid(label) && { id: label }),
  }
}

/** A key or its beginning, with or without a prefix. The last group is the beginning of the lookup id. */
const KEY = /^([a-z0-9_]{1,19}[a-z0-9]_)?([0-9a-f]{8,16})[0-9a-f]*$/

/** Imported keys consist of visible ASCII characters. */
const IMPORTED = /^[\x21-\x7e]{4,100}$/
