import { useSecondsLeft } from "@latchkey/react/internal"
import { LatchkeyError } from "@latchkey/sdk"
import { explain } from "../../explain.ts"
import { formats } from "../../formatTime.ts"
import { Icon } from "../Icon.tsx"

/** An error that concerns a whole form or list. Screen readers announce it. */
export function FormError({ error }: { error: unknown }) {
  return (
    <div role="alert" className="empty:absolute">
      {error ? (
        <p className="flex gap-2 rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
          <Icon name="warning" className="mt-0.5 size-4" />
          {error instanceof LatchkeyError && error.reason === "RATE_LIMITED" ? (
            <RateLimited error={error} />
          ) : (
            <span>{explain(error)}</span>
          )}
        </p>
      ) : null}
    </div>
  )
}

function RateLimited({ error }: { error: LatchkeyError }) {
  const seconds = useSecondsLeft(error, error.retryAfter ?? 1)
  return (
    <span>
      Too many attempts. {seconds > 0 ? `Try again in ${formats.wait(seconds)}.` : "You can try again now."}
    </span>
  )
}
