import type { IncomingMessage, ServerResponse } from "node:http"
import { getRequestListener } from "@hono/node-server"
import { failure, restError } from "@latchkey/api"
import type { Mountable } from "./types.ts"

/** A request of `node:http`, to which a framework or a body parser may have added something. */
export type NodeRequest = IncomingMessage & { body?: unknown; originalUrl?: string; ip?: unknown }

/**
 * Creates a listener that serves a Latchkey over Node's requests and responses.
 *
 * @param addressOf the client's address, as the framework knows it.
 */
export function createNodeListener(
  latchkey: Pick<Mountable, "fetch">,
  addressOf: (request: NodeRequest) => string | undefined,
): (request: NodeRequest, response: ServerResponse) => Promise<void> {
  const listener = getRequestListener(
    (request, { incoming }) => {
      const nodeRequest = incoming as NodeRequest
      return latchkey.fetch(withParsedBody(request, nodeRequest), {
        address: addressOf(nodeRequest),
        request: nodeRequest,
      })
    },
    // The global objects are the host's.
    { overrideGlobalObjects: false, errorHandler: respondToInvalid },
  )
  return (request, response) => {
    if (request.originalUrl !== undefined) request.url = request.originalUrl
    return listener(request, response)
  }
}

/** Restores the body that a body parser has read and parsed. */
function withParsedBody(request: Request, { body, readableDidRead, complete }: NodeRequest): Request {
  if (!readableDidRead || !complete || !/^(POST|PUT|PATCH|DELETE)$/.test(request.method)) return request
  const headers = new Headers(request.headers)
  const declared = headers.get("content-length")
  for (const name of ["content-length", "content-encoding", "transfer-encoding"]) headers.delete(name)
  if (body === undefined && declared !== "0" && declared !== null) {
    throw new TypeError(
      "a body parser has read the body and kept nothing of it; mount latchkeyHandler before it",
    )
  }
  return new Request(request.url, { method: request.method, headers, body: serialize(body, headers) })
}

type Body = NonNullable<RequestInit["body"]>

function serialize(body: unknown, headers: Headers): Body | null {
  if (body === undefined) return null
  if (typeof body === "string" || body instanceof Uint8Array) return body as Body
  const isForm = headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")
  return isForm ? new URLSearchParams(body as Record<string, string>) : JSON.stringify(body)
}

/** For requests that can't be handled, such as one with an invalid host. */
function respondToInvalid(error: unknown): Response {
  // The framework reports its host's mistakes.
  if (error instanceof TypeError) throw error
  const invalid = failure("INVALID_INPUT", "The request is not valid HTTP.")
  const body = restError(invalid, crypto.randomUUID())
  return Response.json(body, { status: invalid.status, headers: { "Cache-Control": "no-store" } })
}
