import { QueryClient } from "@tanstack/react-query"
import { isAway } from "./isAway.ts"

/**
 * Whatever comes into view is read again, since a key or a session may have ended elsewhere: `staleTime` stays at React
 * Query's default of 0. Reads are repeated until the server is back; what changes something is repeated by the user
 * alone.
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
