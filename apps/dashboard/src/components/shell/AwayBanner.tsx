import { useSecondsLeft } from "@latchkey/react/internal"
import { LatchkeyError } from "@latchkey/sdk"
import { formats } from "../../formatTime.ts"
import { Banner } from "./Banner.tsx"

/** Explains why the server does not respond, and says that the page retries automatically. */
export const AwayBanner = ({ failure }: { failure: unknown }) =>
  failure instanceof LatchkeyError && failure.reason === "RATE_LIMITED" ? (
    <RateLimited since={failure} seconds={failure.retryAfter ?? 1} />
  ) : (
    <Banner>The server can’t be reached. Retrying…</Banner>
  )

function RateLimited({ since, seconds }: { since: unknown; seconds: number }) {
  const left = useSecondsLeft(since, seconds)
  return <Banner>{`Too many requests. Retrying ${left > 0 ? `in ${formats.wait(left)}` : "now"}.`}</Banner>
}
