import type { HTTPBatchLinkOptions } from "@trpc/client"
import { LatchkeyError } from "./latchkeyError.ts"
import type { LatchkeyOptions } from "./options.ts"

type TrpcFetch = NonNullable<HTTPBatchLinkOptions<{ transformer: true; errorShape: object }>["fetch"]>

/** An answer in JSON, and what else errors tell of it. */
export interface Answer {
  ok: boolean
  status: number
  requestId: string | undefined
  /** Seconds. */
  retryAfter: number | undefined
  json(): Promise<unknown>
}

/**
 * One HTTP request.
 *
 * @throws {LatchkeyError} `NETWORK` when there is no answer or not one of Latchkey's; `RATE_LIMITED` and
 * `UNAVAILABLE` when a proxy says as much.
 */
export async function fetchAnswer(
  url: string,
  init: Parameters<TrpcFetch>[1],
  onResponse: LatchkeyOptions["onResponse"],
): Promise<Answer> {
  const startedAt = performance.now()
  let response: Response | undefined
  let body: string
  try {
    response = await fetch(url, init as RequestInit)
    body = await response.text()
  } catch (cause) {
    if (!response)
      throw new LatchkeyError("The server could not be reached.", { reason: "NETWORK" }, { cause })
    const { status, requestId } = about(response)
    throw new LatchkeyError("The answer broke off.", { reason: "NETWORK", status, requestId }, { cause })
  }
  const answer = about(response)
  if (onResponse) {
    const procedures = new URL(url).pathname.replace(/.*\//, "").split(",")
    const { status, requestId } = answer
    const duration = performance.now() - startedAt
    // As with any event's listener, what it throws is its own affair.
    queueMicrotask(() => onResponse({ procedures, status, requestId, duration }))
  }
  try {
    const json: unknown = JSON.parse(body)
    return { ...answer, json: async () => json }
  } catch {
    // The parser's message would quote the body, which can hold a credential.
    throw notOurs(answer)
  }
}

/** An answer that Latchkey did not write. */
export function notOurs({
  status,
  requestId,
  retryAfter,
}: Pick<Answer, "status" | "requestId" | "retryAfter">): LatchkeyError {
  const details = { status, requestId, retryAfter }
  if (status === 429) {
    return new LatchkeyError("Too many requests.", { reason: "RATE_LIMITED", begun: false, ...details })
  }
  if (status >= 502 && status <= 504) {
    return new LatchkeyError("The server can't be reached behind its proxy.", {
      reason: "UNAVAILABLE",
      ...details,
    })
  }
  return new LatchkeyError(`The answer is not one of Latchkey's (status ${status}).`, {
    reason: "NETWORK",
    ...details,
  })
}

function about({ ok, status, headers }: Response) {
  return {
    ok,
    status,
    requestId: headers.get("x-request-id") ?? undefined,
    retryAfter: readRetryAfter(headers.get("retry-after")),
  }
}

/** Seconds, or a date: RFC 9110, section 10.2.3. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - Date.now()) / 1000)
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}
