import { useApp } from "../app.ts"
import { hasReason, isAway } from "../client/isAway.ts"
import { Button } from "../parts/Button.tsx"
import { ErrorText } from "../parts/ErrorMessage.tsx"
import { Message } from "../parts/fields.tsx"
import { useLanguage } from "../strings/context.ts"

/** Explains why the keys could not be loaded, and whether loading is retried automatically. */
export function LoadFailure() {
  const { strings } = useLanguage()
  const { state, store } = useApp()
  const { failure } = state
  if (!failure) return <div role="status" data-part="failure" />
  const isRetrying = isAway(failure) && !hasReason(failure, "RATE_LIMITED") && navigator.onLine
  return (
    <div role="status" data-part="failure">
      <Message kind={isAway(failure) ? "warning" : "danger"}>
        {isRetrying ? strings.away : <ErrorText error={failure} />}
      </Message>
      {!isAway(failure) && <Button onClick={() => store.reload()}>{strings.retry}</Button>}
    </div>
  )
}
