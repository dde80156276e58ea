import { AuthError, type Authentication, countCall, unauthenticated } from "@latchkey/auth"
import type { HostRequest } from "../host/hostRequest.ts"
import type { Caller, RefusalCause, Requirement } from "../types.ts"
import { findLack } from "./findLack.ts"
import { toCaller } from "./toCaller.ts"

export type Outcome =
  | { ok: true; caller: Caller }
  | { ok: false; cause: RefusalCause; error: unknown; apiKeyId: string | undefined }

/**
 * Verifies a request now, whatever was verified before.
 *
 * @param options.isCounted tells whether the call has already been counted towards the limit of this key.
 */
export type Verify = (
  request: HostRequest,
  requirement: Requirement,
  options: { isUnsafe: boolean; isCounted: (apiKeyId: string) => boolean },
) => Promise<Outcome>

/** @param options.onFailure called with the error when there is no verdict because something has failed. */
export function createVerify({
  onFailure,
  keysNeedScope,
}: {
  onFailure: (error: unknown, requestId: string) => void
  keysNeedScope: boolean
}): Verify {
  return async (hostRequest, requirement, { isUnsafe, isCounted }) => {
    const { request, refusal } = hostRequest
    if (refusal) return refused("malformed", refusal)
    let authentication: Authentication
    try {
      authentication = await hostRequest.authenticateAgain()
    } catch (error) {
      const failure = noVerdict(error)
      // An error with `retryAfter` is a deliberate refusal.
      if (failure.retryAfter === undefined) onFailure(failure, request.requestId)
      return refused("unavailable", failure)
    }
    if (!authentication.caller) return refusedCredential(authentication)
    const caller = toCaller(authentication.caller)
    try {
      const { apiKeyId } = caller
      countCall(authentication, request, { isCounted: apiKeyId !== undefined && isCounted(apiKeyId) })
    } catch (error) {
      return refused("limit", error, caller.apiKeyId)
    }
    const lack = findLack(caller, requirement, { request, isUnsafe, keysNeedScope })
    return lack ? refused(lack.cause, lack.error, caller.apiKeyId) : { ok: true, caller }
  }
}

const refused = (cause: RefusalCause, error: unknown, apiKeyId?: string): Outcome => ({
  ok: false,
  cause,
  error,
  apiKeyId,
})

function refusedCredential({ problem, cause, apiKeyId }: Authentication & { caller: null }): Outcome {
  const error =
    problem === "ambiguous"
      ? new AuthError("AMBIGUOUS_CREDENTIALS", "Send exactly one credential: an access token or an API key.")
      : unauthenticated()
  return refused(cause, error, apiKeyId)
}

/** Whatever has failed: without a verdict, nobody passes, and nobody is told that their credential is wrong. */
function noVerdict(cause: unknown): AuthError {
  if (cause instanceof AuthError && cause.reason === "UNAVAILABLE") return cause
  return new AuthError("UNAVAILABLE", "Authentication is temporarily unavailable; try again shortly.", {
    cause,
  })
}

/** Whether a method changes something, as far as is known (RFC 9110, section 9.2.1). */
export const isUnsafeMethod = (method: string | undefined) =>
  method === undefined || !/^(GET|HEAD|OPTIONS)$/i.test(method)
