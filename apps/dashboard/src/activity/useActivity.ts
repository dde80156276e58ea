import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"

const PAGE_SIZE = 20

/** A page of the audit log. It is never fresh in the cache, because actions on other pages add events. */
export function useActivity(cursor: string | null) {
  return useQuery({
    queryKey: ["audit", cursor] as const,
    queryFn: ({ signal }) =>
      asUser((latchkey) => latchkey.audit.list({ cursor, limit: PAGE_SIZE }, { signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
}
