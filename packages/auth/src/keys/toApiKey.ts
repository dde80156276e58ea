import { type RateLimit, startOf } from "@latchkey/contract"
import type { ListedApiKey } from "@latchkey/db"

type Stored = Pick<
  ListedApiKey,
  "prefix" | "lookupId" | "importedStart" | "rateLimit" | "rateWindow" | "disabledAt"
>

/** A key as its owner sees it: with `start`, its prefix and first 8 characters, in place of the lookup id. */
export type Shown<Row extends Stored> = Omit<Row, keyof Stored> & {
  start: string
  rateLimit: RateLimit | null
  disabled: boolean
}

export type ApiKey = Shown<ListedApiKey>

export function toApiKey<Row extends Stored>({
  prefix,
  lookupId,
  importedStart,
  rateLimit: limit,
  rateWindow: window,
  disabledAt,
  ...row
}: Row): Shown<Row> {
  return {
    ...row,
    start: lookupId === null ? (importedStart ?? "") : startOf(lookupId, prefix),
    rateLimit: limit === null || window === null ? null : { limit, window },
    disabled: disabledAt !== null,
  }
}
