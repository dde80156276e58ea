import { onlineManager, type Query, useQueryClient } from "@tanstack/react-query"
import { useCallback, useSyncExternalStore } from "react"
import { isAway } from "../isAway.ts"
import { AwayBanner } from "./AwayBanner.tsx"
import { Banner } from "./Banner.tsx"

/** Says that what is on the page may be old, why, and that nothing needs to be done about it. */
export function ConnectionBanner() {
  const isOnline = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  )
  const failure = useReadFailure()
  return (
    <div role="status">
      {!isOnline ? (
        <Banner>You’re offline. This page goes on by itself once you’re connected.</Banner>
      ) : failure ? (
        <AwayBanner failure={failure} />
      ) : null}
    </div>
  )
}

/** The last failure of a read that is being repeated. */
function useReadFailure() {
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
