import type { ApiKey } from "@latchkey/sdk"
import { expiresSoon, hasEnded, isInGrace, isUnused } from "../keys/keyState.ts"
import type { ApiKeysSort, ApiKeysTab, ApiKeysView } from "./view.ts"

export const PAGE_SIZE = 20

const BELONGS: Record<ApiKeysTab, (apiKey: ApiKey, now: number) => boolean> = {
  active: (apiKey, now) => !hasEnded(apiKey, now),
  expiring: expiresSoon,
  unused: isUnused,
  ended: hasEnded,
}

/** A page of the keys in a view. */
export interface Selection {
  items: ApiKey[]
  /** Numbers of the first and last item, from 1. */
  from: number
  to: number
  total: number
  page: number
  /** The number of keys in each tab, whatever the search. */
  counts: Record<ApiKeysTab, number>
}

/** @param now in milliseconds since 1970. */
export function selectKeys(keys: readonly ApiKey[], view: ApiKeysView, now: number): Selection {
  const isIn = (tab: ApiKeysTab) => (apiKey: ApiKey) => BELONGS[tab](apiKey, now)
  const search = view.search.trim().toLowerCase()
  const found = sortKeys(
    keys.filter((apiKey) => isIn(view.tab)(apiKey) && matches(apiKey, search)),
    view,
    now,
  )
  // The last key of the last page may just have been revoked.
  const page = Math.max(1, Math.min(view.page, Math.ceil(found.length / PAGE_SIZE)))
  const items = found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
  const from = items.length === 0 ? 0 : (page - 1) * PAGE_SIZE + 1
  const count = (tab: ApiKeysTab) => keys.filter(isIn(tab)).length
  return {
    ...{ items, page, from, to: from + Math.max(0, items.length - 1), total: found.length },
    counts: {
      active: count("active"),
      expiring: count("expiring"),
      unused: count("unused"),
      ended: count("ended"),
    },
  }
}

const matches = ({ label, start }: ApiKey, search: string) =>
  label.toLowerCase().includes(search) || isStart(start.toLowerCase(), search)

const isStart = (start: string, search: string) =>
  start !== "" && (start.startsWith(search) || search.startsWith(start))

const TIME_OF: Record<ApiKeysSort, (apiKey: ApiKey) => number> = {
  created: ({ createdAt }) => createdAt.getTime(),
  lastUsed: ({ lastUsedAt }) => lastUsedAt?.getTime() ?? 0,
}

/** Latest first; never used keys by their creation. A key that is being replaced follows the one that replaces it. */
function sortKeys(keys: ApiKey[], { sort, tab }: ApiKeysView, now: number): ApiKey[] {
  const time = tab === "ended" && sort === "lastUsed" ? endOf : TIME_OF[sort]
  const group = (apiKey: ApiKey) => Math.max(time(apiKey), ...predecessors(apiKey).map(time))
  const withPredecessors = (apiKey: ApiKey): ApiKey[] => [
    apiKey,
    ...predecessors(apiKey).flatMap(withPredecessors),
  ]
  const predecessors = ({ id }: ApiKey) =>
    keys.filter((other) => other.replacedBy === id && isInGrace(other, now))
  const ids = new Set(keys.map(({ id }) => id))
  const isFollower = (apiKey: ApiKey) => isInGrace(apiKey, now) && ids.has(apiKey.replacedBy ?? "")
  return keys
    .filter((apiKey) => !isFollower(apiKey))
    .map((apiKey) => ({ apiKey, time: group(apiKey) }))
    .sort((a, b) => b.time - a.time || b.apiKey.createdAt.getTime() - a.apiKey.createdAt.getTime())
    .flatMap(({ apiKey }) => withPredecessors(apiKey))
}

const endOf = ({ revokedAt, expiresAt }: ApiKey) =>
  Math.min(revokedAt?.getTime() ?? Infinity, expiresAt?.getTime() ?? Infinity)
