import type { IncomingMessage, ServerResponse } from "node:http"
import type { KnownAddress } from "../host/addressOf.ts"
import { headersOf } from "../host/readHeaders.ts"
import type { Caller, LatchkeyServer, Requirement } from "../types.ts"
import { guardedHeaders } from "./guardedHeaders.ts"

/**
 * Verifies the caller of a Node request, and sets the verdict's headers. Responds to the request if the caller is
 * refused.
 *
 * @returns the caller; undefined if refused, or if the host has responded meanwhile.
 */
export async function admitRequest<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  { address, requirement }: { address: KnownAddress; requirement: Requirement<NoInfer<Scope>> },
): Promise<Caller<Scope> | undefined> {
  const verdict = await latchkey.authenticate(headersOf(request), {
    ...requirement,
    method: request.method,
    ...address,
    request,
  })
  // As after a time limit of its own. An exception here would end the process of a host that does not await the guard.
  if (response.headersSent) return undefined
  for (const [name, value] of guardedHeaders(verdict, response.hasHeader("cache-control"))) {
    response.setHeader(name, value)
  }
  if (verdict.ok) return verdict.caller
  response.writeHead(verdict.status).end(JSON.stringify(verdict.body))
  return undefined
}
