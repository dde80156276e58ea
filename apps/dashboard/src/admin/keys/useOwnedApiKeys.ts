import type { ListOwnedApiKeysInput } from "@latchkey/sdk"
import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { asUser } from "../../session/session.ts"

export type OwnedApiKeyQuery = Required<Pick<ListOwnedApiKeysInput, "status" | "search" | "cursor">> &
  Pick<ListOwnedApiKeysInput, "origin">

/** A page of the keys of all users. */
export function useOwnedApiKeys(query: OwnedApiKeyQuery, refetchInterval = 30_000) {
  return useQuery({
    queryKey: ["admin", "apiKeys", query] as const,
    queryFn: ({ signal }) =>
      asUser((latchkey) => latchkey.admin.apiKeys.list({ ...query, limit: 20 }, { signal })),
    placeholderData: keepPreviousData,
    refetchInterval,
  })
}
