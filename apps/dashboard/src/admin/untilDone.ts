import { type Latchkey, LatchkeyError } from "@latchkey/sdk"
import { createAsUser } from "../session/session.ts"

/** Milliseconds until the next attempt, unless the server specifies a delay. */
const PAUSE = 1_000

/**
 * Repeats a call while the server answers that it has begun but not finished, or does not answer. Repeating it is
 * safe. Every attempt is made as the user who began, and none after another user has signed in.
 *
 * @param onUnfinished called before each further attempt.
 * @throws {LatchkeyError} any other failure.
 */
export async function untilDone<T>(
  call: (latchkey: Latchkey) => Promise<T>,
  onUnfinished: () => void,
): Promise<T> {
  const asUser = createAsUser()
  for (;;) {
    try {
      return await asUser(call)
    } catch (error) {
      if (!(error instanceof LatchkeyError && isUnfinished(error))) throw error
      onUnfinished()
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfter ?? 0) * 1000 || PAUSE))
    }
  }
}

const isUnfinished = ({ reason, begun }: LatchkeyError) =>
  begun === true || reason === "TIMEOUT" || reason === "NETWORK"
