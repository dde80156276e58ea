import { LatchkeyError } from "@latchkey/sdk"
import { formatWait } from "../../formatTime.ts"
import { useSecondsLeft } from "../../useSecondsLeft.ts"
import { Banner } from "./Banner.tsx"

/** Explains why the server does not respond, and that the page retries automatically. */
export const AwayBanner = ({ failure }: { failure: unknown }) =>
  failure instanceof LatchkeyError && failure.reason === "RATE_LIMITED" ? (
    <RateLimited since={failure} seconds={failure.retryAfter ?? 1} />
  ) : (
    <Banner>The server can’t be reached. Retrying…</Banner>
  )

function RateLimited({ since, seconds }: { since: unknown; seconds: number }) {
  const left = useSecondsLeft(since, seconds)
  return <Banner>{`Too many requests. Retrying ${left > 0 ? `in ${formatWait(left)}` : "now"}.`}</Banner>
}
