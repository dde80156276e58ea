import type { ApiKey, ListApiKeysInput } from "./apiKeyModels.ts"
import type { Owner } from "./ownerModels.ts"

/**
 * A user, as listed for administrators: one of Latchkey's own accounts, or any other owner that Latchkey has stored.
 */
export interface ListedUser extends Owner {
  createdAt: Date
  /** Null unless disabled. */
  disabledAt: Date | null
  /** The number of keys neither revoked nor expired. */
  activeKeys: number
  /** Whether the account has a second factor; false for users without one of Latchkey's own accounts. */
  hasSecondFactor: boolean
}

export interface ListUsersInput {
  /** The previous page's `nextCursor`; omit it to start with the newest user. */
  cursor?: string | null | undefined
  /** Users per page: 1 to 100, default 50. */
  limit?: number | undefined
  /** Default `all`. */
  status?: "all" | "enabled" | "disabled" | undefined
  /** A part of the email, or of the subject of a user without an account of Latchkey's own; ignoring case. */
  search?: string | undefined
}

/** A user by id, or by issuer and subject. */
export type UserReference = { id: string } | { issuer: string; subject: string }

export interface UserPage {
  items: ListedUser[]
  /** Null on the last page. */
  nextCursor: string | null
}

/** A key, as listed for administrators. */
export interface OwnedApiKey extends ApiKey {
  /** While the owner is disabled, their keys are rejected. */
  owner: Pick<Owner, "id" | "issuer" | "subject" | "email"> & { disabledAt: Date | null }
}

export interface ListOwnedApiKeysInput extends Omit<ListApiKeysInput, "search"> {
  /** Only this user's keys. */
  userId?: string | null | undefined
  /** `imported`: only keys that `latchkey import` has imported from another system. Default `any`. */
  origin?: "any" | "imported" | undefined
  /**
   * A prefix of the label, ignoring case; the owner's full email; the key's id; or at least the key's first 8
   * characters. Only the first 16 characters of a key, which are not secret, are sent.
   */
  search?: string | undefined
}

export interface OwnedApiKeyPage {
  items: OwnedApiKey[]
  /** Null on the last page. */
  nextCursor: string | null
}

/** Which keys to revoke. There is at least one condition, and a key has to meet all of them. */
export interface RevokeWhereConditions {
  createdBefore?: Date | string | undefined
  createdAfter?: Date | string | undefined
  /** Not used since then. */
  unusedSince?: Date | string | undefined
  /** Who vouches for the owner. */
  issuer?: string | undefined
  /** The issuer's own id of the owner. */
  subject?: string | undefined
  /** The person who created the key, or else the owner's subject. */
  createdBy?: string | undefined
  /** Any part of the label, ignoring case. */
  labelContains?: string | undefined
  /** Also finds keys that have every scope of their owner. */
  scope?: string | undefined
}

/** First a preview of what would be revoked, then its confirmation. */
export type RevokeWhereInput =
  | { where: RevokeWhereConditions; preview: true }
  | { where: RevokeWhereConditions; confirm: string }

export interface RevokeWherePreview {
  /** The number of active keys that match. */
  count: number
  /** Some of them, newest first. */
  sample: OwnedApiKey[]
  /** Confirms the revocation, once, within 10 minutes. */
  confirm: string
}

export interface RevokeWhereResult {
  /** The number of keys that were revoked, including those of earlier attempts. */
  revoked: number
}
