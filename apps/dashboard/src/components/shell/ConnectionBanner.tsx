import { isAway } from "@latchkey/react/internal"
import { onlineManager, type Query, useQueryClient } from "@tanstack/react-query"
import { useCallback, useSyncExternalStore } from "react"
import { AwayBanner } from "./AwayBanner.tsx"
import { Banner } from "./Banner.tsx"

/** Warns that the page may be out of date, and why. It recovers without user action. */
export function ConnectionBanner() {
  const isOnline = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  )
  const failure = useQueryFailure()
  return (
    <div role="status">
      {!isOnline ? (
        <Banner>You’re offline. This page will update once you’re connected.</Banner>
      ) : failure ? (
        <AwayBanner failure={failure} />
      ) : null}
    </div>
  )
}

/** The last failure of an active query that is being retried. */
function useQueryFailure() {
  const queries = useQueryClient().getQueryCache()
  const subscribe = useCallback((listener: () => void) => queries.subscribe(listener), [queries])
  return useSyncExternalStore(subscribe, () => {
    const failing = queries
      .getAll()
      .find((query: Query) => query.isActive() && isAway(query.state.fetchFailureReason))
    const reason = failing?.state.fetchFailureReason
    return isAway(reason) ? reason : undefined
  })
}
