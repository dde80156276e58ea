import { isAway } from "@latchkey/react/internal"
import { QueryClient } from "@tanstack/react-query"
import { onSessionChange, signedInUserId } from "./session/state.ts"
import { toasts } from "./toasts.ts"

/**
 * Queries are fetched again whenever they come into view, because a key or a session may have ended elsewhere:
 * `staleTime` stays at React Query's default of 0. They are retried until the server is back. Mutations are never
 * retried automatically.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (_, error) => isAway(error),
      retryDelay: (failures, error) =>
        Math.max(Math.min(1000 * 2 ** failures, 15_000), isAway(error) ? (error.retryAfter ?? 0) * 1000 : 0),
    },
    mutations: { networkMode: "always", gcTime: 0 },
  },
})

/** Marks queries that return the same data to everybody. */
export const PUBLIC = { isPublic: true }

/**
 * When a user signs out or is replaced by another one, forgets the data loaded for them and closes their messages, on
 * any page. Must run once.
 */
export function forgetFormerUsers() {
  let userId = signedInUserId()
  onSessionChange(() => {
    const before = userId
    userId = signedInUserId()
    if (before === userId) return
    queryClient.removeQueries({ predicate: ({ meta }) => meta?.isPublic !== true })
    queryClient.getMutationCache().clear()
    toasts.close()
  })
}
