import type { HTTPBatchLinkOptions } from "@trpc/client"
import { LatchkeyError } from "../latchkeyError.ts"
import type { LatchkeyOptions } from "../options.ts"
import { isControlFlow } from "./isControlFlow.ts"
import { toSeconds } from "./toSeconds.ts"

type TrpcFetch = NonNullable<HTTPBatchLinkOptions<{ transformer: true; errorShape: object }>["fetch"]>

/** A JSON response, with the details that errors report. */
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
 * @throws {LatchkeyError} `NETWORK` if no response came, or if it is not from Latchkey; `RATE_LIMITED` or
 *   `UNAVAILABLE` if a proxy's status says so. Errors that are Next's control flow are thrown unchanged.
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
    body = await readText(response)
  } catch (cause) {
    if (isControlFlow(cause)) throw cause
    const message = response ? "The response was cut off." : "The server could not be reached."
    const { status, requestId }: Partial<Answer> = response ? about(response) : {}
    throw new LatchkeyError(message, { reason: "NETWORK", status, requestId }, { cause })
  }
  const answer = about(response)
  if (onResponse) {
    const procedures = new URL(url).pathname.replace(/.*\//, "").split(",")
    const { status, requestId } = answer
    const duration = performance.now() - startedAt
    // In a microtask, so that an error in the listener can't fail the call.
    queueMicrotask(() => onResponse({ procedures, status, requestId, duration }))
  }
  try {
    const json: unknown = JSON.parse(body)
    // One answer for all calls of a batch can only be an error. Another caller's verdict must not be taken for theirs.
    if (Array.isArray(json) || !answer.ok) return { ...answer, json: async () => json }
  } catch {
    // The parser's message would quote the body, which can hold a credential.
  }
  throw notOurs(answer)
}

/** The error for a response that did not come from Latchkey. */
export function notOurs({
  status,
  requestId,
  retryAfter,
}: Pick<Answer, "status"> & Partial<Pick<Answer, "requestId" | "retryAfter">>): LatchkeyError {
  const details = { status, requestId, retryAfter }
  if (status === 429) {
    return new LatchkeyError("Too many requests.", { reason: "RATE_LIMITED", begun: false, ...details })
  }
  if (status >= 502 && status <= 504) {
    return new LatchkeyError("The proxy could not reach the server.", {
      reason: "UNAVAILABLE",
      ...details,
    })
  }
  return new LatchkeyError(`The response did not come from Latchkey (status ${status}).`, {
    reason: "NETWORK",
    ...details,
  })
}

/** Characters. The largest response, a batch of 20 pages of 100 keys, is shorter. */
const MAX_LENGTH = 2 ** 25

/** Cuts off a body without an end, which would fill the memory before the call's timeout. */
async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader?.()
  // React Native has no streams, and node-fetch has its own.
  if (!reader) return response.text()
  const decoder = new TextDecoder()
  let text = ""
  for (;;) {
    const { done, value } = await reader.read()
    text += decoder.decode(value, { stream: !done })
    if (done) return text
    if (text.length > MAX_LENGTH) return reader.cancel().then(() => text)
  }
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
  return toSeconds(Math.max(0, seconds))
}
