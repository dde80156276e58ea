import { Agent, type IncomingMessage, request as requestHttp } from "node:http"
import { request as requestHttps, Agent as SecureAgent } from "node:https"

export interface OutgoingRequest {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Milliseconds until the whole response, with its body, has arrived. */
  ms: number
}

/** Less than the 5 s after which many servers close a connection, which would fail the request that is just being sent. */
const REUSE_MS = 4_000

const agent = new Agent({ keepAlive: true, timeout: REUSE_MS })
const secureAgent = new SecureAgent({ keepAlive: true, timeout: REUSE_MS })

/**
 * Sends a request to an http or https URL, and resolves once the response has begun. Follows no redirects and decodes
 * nothing.
 *
 * Not by `fetch`: a response with more than five content codings, whose connection then ends, makes it emit an error that
 * nothing can catch, and the process exits.
 */
export function sendRequest(
  url: string,
  { method = "GET", headers = {}, body, ms }: OutgoingRequest,
): Promise<IncomingMessage> {
  const isSecure = new URL(url).protocol === "https:"
  const signal = AbortSignal.timeout(ms)
  const options = { method, headers: { "accept-encoding": "identity", ...headers }, signal }
  return new Promise((resolve, reject) => {
    const request = isSecure
      ? requestHttps(url, { ...options, agent: secureAgent }, resolve)
      : requestHttp(url, { ...options, agent }, resolve)
    request.on("error", (error) => reject(signal.aborted ? signal.reason : error))
    // A server that switches to another protocol gives no response, and Node reports no error.
    request.on("close", () => reject(new Error("no response")))
    request.end(body)
  })
}
