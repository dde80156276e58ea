import { QueryClient } from "@tanstack/react-query"
import { isAway } from "./isAway.ts"

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
