import type { ApiKey, ApiKeyPage, Me, UsageOfApiKeys } from "@latchkey/sdk"
import type { Client } from "../client/createClient.ts"
import { hasReason } from "../client/isAway.ts"

const PAGE_SIZE = 100
/** Ended keys are shown only if they are among this many newest keys. Active keys are always complete. */
const MAX_KEYS = 1_000

/** All active keys, newest first. Owners have a limited number of them. */
export const loadActiveKeys = (client: Client): Promise<ApiKey[]> => loadAll(client, "active", Infinity)

/** The newest keys, including those that have ended. */
export const loadNewestKeys = (client: Client): Promise<ApiKey[]> => loadAll(client, "all", MAX_KEYS)

async function loadAll(client: Client, status: "active" | "all", max: number): Promise<ApiKey[]> {
  const keys: ApiKey[] = []
  for (let cursor: string | null = null; ; ) {
    const after = cursor
    const page: ApiKeyPage = await client(({ apiKeys }) =>
      apiKeys.list({ status, cursor: after, limit: PAGE_SIZE }),
    )
    keys.push(...page.items)
    cursor = page.nextCursor
    if (cursor === null || keys.length >= max) return keys
  }
}

/** The calls of each key on the last 30 days. Null if the caller may not know it. */
export const loadUsage = (client: Client): Promise<UsageOfApiKeys | null> =>
  client(({ apiKeys }) => apiKeys.usageOfAll()).catch((error: unknown) => {
    if (hasReason(error, "FORBIDDEN") || hasReason(error, "NOT_FOUND")) return null
    throw error
  })

/** The caller: the scopes that their keys may have, and whether they may change keys. */
export const loadMe = (client: Client): Promise<Me> => client(({ auth }) => auth.me())
