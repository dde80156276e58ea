import type { ListApiKeysInput } from "@latchkey/sdk"
import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"

export type ApiKeyQuery = Required<Pick<ListApiKeysInput, "status" | "search" | "cursor">>

export const PAGE_SIZE = 20

/** One page of the keys. Asked for again every few seconds while it is looked at: "last used" moves by itself. */
export function useApiKeys(query: ApiKeyQuery) {
  return useQuery({
    queryKey: ["apiKeys", query] as const,
    queryFn: ({ signal }) =>
      asUser((latchkey) => latchkey.apiKeys.list({ ...query, limit: PAGE_SIZE }, { signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  })
}
