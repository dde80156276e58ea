import type { ListUsersInput } from "@latchkey/sdk"
import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { asUser } from "../../session/session.ts"

export type UserQuery = Required<Pick<ListUsersInput, "status" | "search" | "cursor">>

/** A page of all users. */
export function useUsers(query: UserQuery) {
  return useQuery({
    queryKey: ["admin", "users", query] as const,
    queryFn: ({ signal }) =>
      asUser((latchkey) => latchkey.admin.users.list({ ...query, limit: 20 }, { signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
}
