import type { AuditEvent } from "@latchkey/sdk"
import { Icon } from "../components/Icon.tsx"
import { RelativeTime } from "../components/RelativeTime.tsx"
import { describeEvent, describePlace } from "./describeEvent.ts"

export const itemClass = "flex min-h-17 gap-3 px-4 py-3 sm:px-6"

/** On narrow screens, the time is below the text instead of beside it. */
export function ActivityItem({ event }: { event: AuditEvent }) {
  const { title, icon, isAlarming = false } = describeEvent(event)
  const place = describePlace(event)
  return (
    <li className={itemClass}>
      <span
        className={`mt-1 grid size-9 shrink-0 place-items-center rounded-full max-[23rem]:hidden ${
          isAlarming ? "bg-warn-soft text-warn" : "bg-sunken text-muted"
        }`}
      >
        <Icon name={icon} />
      </span>
      <div className="min-w-0 flex-1 self-center">
        <p className={`font-medium wrap-anywhere ${isAlarming ? "max-[23rem]:text-warn" : ""}`}>{title}</p>
        {place && <p className="text-sm wrap-anywhere text-muted">{place}</p>}
        <p className="text-sm text-muted sm:hidden">
          <Times event={event} />
        </p>
      </div>
      <p className="self-center text-right text-sm text-muted max-sm:hidden">
        <Times event={event} />
      </p>
    </li>
  )
}

/** For a group of failures, includes the time of the last one if it is at least a minute after the first. */
const Times = ({ event: { createdAt, lastAt } }: { event: AuditEvent }) => (
  <>
    <RelativeTime time={createdAt} />
    {lastAt.getTime() - createdAt.getTime() >= 60_000 && (
      <>
        ,{" "}
        <span className="sm:block">
          the last one <RelativeTime time={lastAt} />
        </span>
      </>
    )}
  </>
)
