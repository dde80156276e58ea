import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"

const PAGE_SIZE = 20

/** One page of what happened. What other pages of ours do adds to it, so it is always asked for anew. */
export function useActivity(cursor: string | null) {
  return useQuery({
    queryKey: ["audit", cursor] as const,
    queryFn: ({ signal }) =>
      asUser((latchkey) => latchkey.audit.list({ cursor, limit: PAGE_SIZE }, { signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
}
