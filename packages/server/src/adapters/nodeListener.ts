import type { IncomingMessage, ServerResponse } from "node:http"
import { getRequestListener } from "@hono/node-server"
import { failure, restError } from "@latchkey/api"
import type { KnownAddress } from "../host/addressOf.ts"
import { headersOf } from "../host/readHeaders.ts"
import type { Mountable } from "../types.ts"

/** A request of `node:http`, to which a framework or a body parser may have added something. */
export type NodeRequest = IncomingMessage & { body?: unknown; originalUrl?: string; ip?: unknown }

/**
 * Creates a listener that serves a Latchkey over Node's requests and responses.
 *
 * @param addressOf the client's address, as the framework knows it.
 * @param headersIn the headers, as the host has left them.
 */
export function createNodeListener(
  latchkey: Pick<Mountable, "fetch">,
  addressOf: (request: NodeRequest) => KnownAddress,
  headersIn: (request: NodeRequest) => Headers = headersOf,
): (request: NodeRequest, response: ServerResponse) => Promise<void> {
  const listener = getRequestListener(
    (request, { incoming }) => {
      const nodeRequest = incoming as NodeRequest
      return latchkey.fetch(toRequest(request, nodeRequest, headersIn(nodeRequest)), {
        ...addressOf(nodeRequest),
        request: nodeRequest,
      })
    },
    // A host may have replaced the global objects.
    { overrideGlobalObjects: false, errorHandler: respondToInvalid },
  )
  return (request, response) => {
    if (request.originalUrl !== undefined) request.url = request.originalUrl
    return listener(request, response)
  }
}

/** A mistake that the host has to fix. */
class HostMistake extends TypeError {}

const MAY_HAVE_BODY = /^(POST|PUT|PATCH|DELETE)$/

/** A request of the platform's own class. If a body parser has read and parsed the body, it is restored. */
function toRequest({ url, method, body, signal }: Request, node: NodeRequest, headers: Headers): Request {
  if (!MAY_HAVE_BODY.test(method)) return new Request(url, { method, headers, signal })
  if (!node.readableDidRead || !node.complete) {
    // The browser types, with which the dashboard's tests are checked, lack `duplex`.
    return new Request(url, { method, headers, signal, body, duplex: "half" } as RequestInit)
  }
  const declared = headers.get("content-length")
  const own = new Headers(headers)
  for (const name of ["content-length", "content-encoding", "transfer-encoding"]) own.delete(name)
  if (node.body === undefined && declared !== "0" && declared !== null) {
    throw new HostMistake(
      "a body parser has read the body and kept nothing of it; mount latchkeyHandler before it",
    )
  }
  return new Request(url, { method, headers: own, signal, body: serialize(node.body, own) })
}

type Body = NonNullable<RequestInit["body"]>

function serialize(body: unknown, headers: Headers): Body | null {
  if (body === undefined) return null
  if (typeof body === "string" || body instanceof Uint8Array) return body as Body
  const isForm = headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")
  return isForm ? new URLSearchParams(body as Record<string, string>) : JSON.stringify(body)
}

/**
 * For requests that can't be handled, such as one with an invalid host, or with a method or a URL that `Request`
 * refuses: `TRACE`, or `http://user:password@host/`. Anybody can send those, and an exception would end a `node:http`
 * process.
 */
function respondToInvalid(error: unknown): Response {
  // The framework reports mistakes of its host.
  if (error instanceof HostMistake) throw error
  const invalid = failure("INVALID_INPUT", "The request is not valid HTTP.")
  const body = restError(invalid, crypto.randomUUID())
  return Response.json(body, { status: invalid.status, headers: { "Cache-Control": "no-store" } })
}
