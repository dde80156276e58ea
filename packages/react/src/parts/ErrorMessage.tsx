import { LatchkeyError } from "@latchkey/sdk"
import { useLanguage } from "../strings/context.ts"
import { Message } from "./fields.tsx"
import { useSecondsLeft } from "./useSecondsLeft.ts"

/** An error of a whole form or list, followed by `more`. Screen readers announce it. */
export function ErrorMessage({ error, more }: { error: unknown; more?: string | undefined }) {
  return (
    <div role="alert" data-part="alert">
      {error ? (
        <Message kind="danger">
          <ErrorText error={error} /> {more}
        </Message>
      ) : null}
    </div>
  )
}

/** Explains an error, and what the user can do about it. */
export function ErrorText({ error }: { error: unknown }) {
  const { strings } = useLanguage()
  if (!(error instanceof LatchkeyError)) return strings.reloadPage
  if (error.reason === "RATE_LIMITED") return <RateLimited error={error} />
  const isOffline = error.reason === "NETWORK" && !navigator.onLine
  const { reason, message, requestId } = error
  return isOffline ? strings.offline : strings.error(reason, { message, requestId })
}

/** Counts down until the user can try again. */
function RateLimited({ error }: { error: LatchkeyError }) {
  const { strings, formats } = useLanguage()
  const seconds = useSecondsLeft(error, error.retryAfter ?? 1)
  return strings.rateLimited(seconds > 0 ? formats.wait(seconds) : null)
}
