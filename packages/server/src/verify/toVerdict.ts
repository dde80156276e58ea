import {
  challenge,
  type Failure,
  failureOf,
  type RequestState,
  rateLimitHeaders,
  restError,
} from "@latchkey/api"
import type { Refused, Verdict } from "../types.ts"
import type { Outcome } from "./verify.ts"

/** An outcome with everything that a host needs to respond. */
export function toVerdict(outcome: Outcome, request: RequestState): Verdict {
  if (outcome.ok) {
    return {
      ok: true,
      caller: outcome.caller,
      headers: rateLimitHeaders({ rateLimit: request.rateLimit, failures: [] }),
    }
  }
  const { cause, error, apiKeyId } = outcome
  const failure = failureOf(error)
  const status = failure.status as Refused["status"]
  const body = restError(failure, request.requestId)
  const headers = headersOf(failure, status, request)
  return {
    ok: false,
    status,
    reason: failure.reason,
    headers,
    body,
    toResponse: () => new Response(JSON.stringify(body), { status, headers }),
    cause,
    ...(apiKeyId !== undefined && { apiKeyId }),
    ...(status === 503 && { error }),
  }
}

function headersOf(failure: Failure, status: number, request: RequestState): Record<string, string> {
  const { hasCredential, protectedResource, rateLimit } = request
  const failures = [{ failure, error: undefined }]
  return {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Request-Id": request.requestId,
    ...((status === 401 || status === 403) &&
      challenge(status, { hasCredential, failures, protectedResource })),
    ...(status === 503 && { "Retry-After": "1" }),
    ...rateLimitHeaders({ rateLimit, failures }),
  }
}
