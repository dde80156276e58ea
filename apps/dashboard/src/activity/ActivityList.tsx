import type { AuditEvent } from "@latchkey/sdk"
import { Skeleton } from "../components/Skeleton.tsx"
import { ActivityItem, itemClass } from "./ActivityItem.tsx"

const listClass = "divide-y divide-line rounded-xl border border-line bg-surface"

interface Props {
  events: readonly AuditEvent[]
  /** Whether the events are still those of the previous page. */
  isStale: boolean
}

export function ActivityList({ events, isStale }: Props) {
  return (
    <ol
      aria-label="Account activity, newest first"
      aria-busy={isStale}
      className={`${listClass} ${isStale ? "opacity-60" : ""}`}
    >
      {events.map((event) => (
        <ActivityItem key={event.id} event={event} />
      ))}
    </ol>
  )
}

/** A placeholder for the list, with items of the same height. */
export const ActivitySkeleton = () => (
  <div aria-hidden="true" className={listClass}>
    {["first", "second", "third"].map((item) => (
      <div key={item} className={itemClass}>
        <Skeleton className="mt-1 size-9 rounded-full max-[23rem]:hidden" />
        <div className="grid flex-1 content-center gap-2">
          <Skeleton className="h-4 w-48 max-w-full" />
          <Skeleton className="h-3.5 w-36 max-w-full" />
        </div>
      </div>
    ))}
  </div>
)

export const NoActivity = () => (
  <p className="rounded-xl border border-dashed border-control px-6 py-12 text-center text-muted">
    No activity yet.
  </p>
)
