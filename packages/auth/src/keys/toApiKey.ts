import { type RateLimit, startOf } from "@latchkey/contract"
import type { ListedApiKey } from "@latchkey/db"
import type { KeyRateLimits } from "./keyRateLimits.ts"

type Stored = Pick<
  ListedApiKey,
  "prefix" | "lookupId" | "importedStart" | "scopes" | "rateLimit" | "rateWindow" | "disabledAt"
>

/** A key as its owner sees it: with `start`, its prefix and first 8 characters, in place of the lookup id. */
export type Shown<Row extends Stored> = Omit<Row, keyof Stored> & {
  start: string
  scopes: Row["scopes"]
  /** The limit that applies to it. */
  rateLimit: RateLimit | null
  disabled: boolean
}

export type ApiKey = Shown<ListedApiKey>

export interface CreatedApiKey extends Omit<ApiKey, "lastUsedAt" | "revokedAt"> {
  /** The key itself, returned only once. */
  key: string
}

export function toApiKey<Row extends Stored>(
  { prefix, lookupId, importedStart, scopes, rateLimit: limit, rateWindow: window, disabledAt, ...row }: Row,
  rateLimits: Pick<KeyRateLimits, "effective">,
): Shown<Row> {
  const rateLimit = limit === null || window === null ? null : { limit, window }
  return {
    ...row,
    start: lookupId === null ? (importedStart ?? "") : startOf(lookupId, prefix),
    scopes,
    rateLimit: rateLimits.effective({ rateLimit, scopes }),
    disabled: disabledAt !== null,
  }
}
