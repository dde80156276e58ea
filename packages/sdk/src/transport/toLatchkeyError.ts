import { isReason } from "@latchkey/contract"
import { TRPCClientError } from "@trpc/client"
import type { AppRouter } from "../appRouter.ts"
import { LatchkeyError, type LatchkeyFailure } from "../latchkeyError.ts"
import { type Answer, notOurs } from "./fetchAnswer.ts"
import { isControlFlow } from "./isControlFlow.ts"
import { toSeconds } from "./toSeconds.ts"

/**
 * Converts an error of tRPC's client, which must not become the cause: it holds the responses of the whole batch, and
 * those can contain tokens and keys.
 */
export function toLatchkeyError(error: unknown): unknown {
  if (!(error instanceof TRPCClientError)) return error
  if (error.cause instanceof LatchkeyError || isControlFlow(error.cause)) return error.cause
  const answer = error.meta?.response as Answer | undefined
  const { data, message } = error as TRPCClientError<AppRouter>
  if (isFailure(data)) {
    const {
      reason,
      httpStatus: status,
      requestId,
      issues,
      begun,
      retryAfter,
      limit,
      challenge,
      methods,
    } = data
    return new LatchkeyError(message, {
      reason,
      status,
      requestId: requestId ?? undefined,
      retryAfter: toSeconds(retryAfter) ?? answer?.retryAfter,
      limit,
      challenge,
      methods,
      issues,
      // The server checks its rate limits before it runs a call.
      begun: reason === "RATE_LIMITED" ? false : begun,
    })
  }
  if (answer) return notOurs(answer)
  return new LatchkeyError("The call could not be sent.", { reason: "NETWORK" }, { cause: error.cause })
}

/** Whether an error came from Latchkey, and not from some other tRPC server. */
function isFailure(data: unknown): data is LatchkeyFailure["data"] {
  const { reason, httpStatus } = (data ?? {}) as Partial<LatchkeyFailure["data"]>
  return typeof reason === "string" && isReason(reason) && typeof httpStatus === "number"
}
