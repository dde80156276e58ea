import type { ListApiKeysInput } from "@latchkey/sdk"
import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"

export type ApiKeyQuery = Required<Pick<ListApiKeysInput, "status" | "search" | "cursor">>

export const PAGE_SIZE = 20

/** A page of the user's keys. While visible, it is refetched every few seconds, because "last used" changes. */
export function useApiKeys(query: ApiKeyQuery) {
  return useQuery({
    queryKey: ["apiKeys", query] as const,
    queryFn: ({ signal }) =>
      asUser((latchkey) => latchkey.apiKeys.list({ ...query, limit: PAGE_SIZE }, { signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  })
}
