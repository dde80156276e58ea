export const TABS = ["active", "expiring", "unused", "ended"] as const
export const SORTS = ["lastUsed", "created"] as const

/** Which keys are listed: active ones, those that expire within 7 days, those unused for 30, or those that have ended. */
export type ApiKeysTab = (typeof TABS)[number]
export type ApiKeysSort = (typeof SORTS)[number]

/** The view of the component. Keep it in the page's URL with `readView` and `writeView`, or anywhere else. */
export interface ApiKeysView {
  tab: ApiKeysTab
  /** Part of a label, or the start of a key. */
  search: string
  /** Most recently used or created first. */
  sort: ApiKeysSort
  /** From 1. */
  page: number
  /** The key whose page is open, in place of the list. */
  apiKeyId: string | null
}

export const INITIAL_VIEW: ApiKeysView = {
  tab: "active",
  search: "",
  sort: "lastUsed",
  page: 1,
  apiKeyId: null,
}

/** Reads a view from a URL's query. Missing and invalid values are those of the initial view. */
export function readView(query: string | URLSearchParams): ApiKeysView {
  const params = new URLSearchParams(query)
  const oneOf = <Value extends string>(name: string, values: readonly Value[], initial: Value) =>
    values.find((value) => value === params.get(name)) ?? initial
  const page = Number(params.get("page"))
  return {
    tab: oneOf("tab", TABS, INITIAL_VIEW.tab),
    search: withoutSecrets(params.get("q") ?? "").slice(0, 100),
    sort: oneOf("sort", SORTS, INITIAL_VIEW.sort),
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
    apiKeyId: params.get("key") || null,
  }
}

/** The query of a URL for a view, such as `?tab=ended&page=2`; empty for the initial view. */
export function writeView({ tab, search, sort, page, apiKeyId }: ApiKeysView): string {
  const params = new URLSearchParams({
    ...(tab !== INITIAL_VIEW.tab && { tab }),
    ...(search !== "" && { q: search }),
    ...(sort !== INITIAL_VIEW.sort && { sort }),
    ...(page > 1 && { page: String(page) }),
    ...(apiKeyId !== null && { key: apiKeyId }),
  }).toString()
  return params === "" ? "" : `?${params}`
}

/** A run of letters and digits that only a secret can have. */
const RANDOM = /(?=[a-z]*\d)([a-z\d]{8})[a-z\d]{12,}\S*/gi

/** Cuts a key that was pasted into the search to its start, because a search ends up in the URL and the history. */
export const withoutSecrets = (search: string): string => search.replaceAll(RANDOM, "$1")
