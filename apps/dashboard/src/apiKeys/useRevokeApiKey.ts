import { type ApiKey, type ApiKeyPage, LatchkeyError } from "@latchkey/sdk"
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"
import { toastError, toastSuccess } from "../toasts.ts"
import type { ApiKeyQuery } from "./useApiKeys.ts"

const ALL_PAGES = { queryKey: ["apiKeys"] }

/** Revokes a key with an optimistic update, which is rolled back on failure. */
export function useRevokeApiKey() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id }: ApiKey) => asUser((latchkey) => latchkey.apiKeys.revoke(id)),
    async onMutate(apiKey) {
      await queries.cancelQueries(ALL_PAGES)
      const before = queries.getQueriesData<ApiKeyPage>(ALL_PAGES)
      for (const [queryKey, page] of before) {
        if (page) queries.setQueryData(queryKey, withRevoked(page, apiKey.id, queryKey))
      }
      return before
    },
    onSuccess: (_, { label }) => toastSuccess(`“${label}” was revoked.`),
    onError(error, { label }, before) {
      // Revoked elsewhere in the meantime: nothing left to do.
      if (error instanceof LatchkeyError && error.reason === "NOT_FOUND") {
        toastSuccess(`“${label}” was already revoked.`)
        return
      }
      for (const [queryKey, page] of before ?? []) queries.setQueryData(queryKey, page)
      toastError(`“${label}” could not be revoked.`, error)
    },
    onSettled: () => queries.invalidateQueries(ALL_PAGES),
  })
}

function withRevoked(page: ApiKeyPage, id: string, queryKey: QueryKey): ApiKeyPage {
  const { status } = queryKey[1] as ApiKeyQuery
  const items =
    status === "active"
      ? page.items.filter((apiKey) => apiKey.id !== id)
      : page.items.map((apiKey) => (apiKey.id === id ? { ...apiKey, revokedAt: new Date() } : apiKey))
  return { ...page, items }
}
