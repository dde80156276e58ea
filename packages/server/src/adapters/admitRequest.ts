import type { IncomingMessage, ServerResponse } from "node:http"
import { headersOf } from "../host/readHeaders.ts"
import type { Caller, LatchkeyServer, Requirement } from "../types.ts"

/**
 * Verifies the caller of a Node request, and sets the verdict's headers. Answers the request if the caller is refused.
 *
 * @returns the caller; undefined if refused.
 */
export async function admitRequest<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  { address, requirement }: { address: string | undefined; requirement: Requirement<NoInfer<Scope>> },
): Promise<Caller<Scope> | undefined> {
  const verdict = await latchkey.authenticate(headersOf(request), {
    ...requirement,
    method: request.method,
    address,
    request,
  })
  for (const [name, value] of Object.entries(verdict.headers)) response.setHeader(name, value)
  if (verdict.ok) return verdict.caller
  response.writeHead(verdict.status).end(JSON.stringify(verdict.body))
  return undefined
}
