/** Where the adapters of tRPC let a context set headers: Node's response, Fastify's reply, or `resHeaders`. */
export interface ContextResponse {
  res?: unknown
  resHeaders?: unknown
}

const NAME = "cache-control"

interface Reply {
  sent: boolean
  hasHeader(name: string): boolean
  header(name: string, value: string): unknown
}

interface NodeResponse {
  headersSent: boolean
  hasHeader(name: string): boolean
  setHeader(name: string, value: string): unknown
}

const has = (value: unknown, method: string): boolean =>
  typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function"

const isNodeResponse = (res: unknown): res is NodeResponse => has(res, "setHeader") && has(res, "hasHeader")

const isReply = (res: unknown): res is Reply => has(res, "header") && has(res, "hasHeader")

/**
 * Keeps shared caches from storing a response, unless the host has decided that itself, as `guardedHeaders` does. Does
 * nothing for a response that has begun or is not known, as on a WebSocket.
 */
export function keepPrivate({ res, resHeaders }: ContextResponse): void {
  if (resHeaders instanceof Headers) {
    if (!resHeaders.has(NAME)) resHeaders.set(NAME, "private")
  } else if (isNodeResponse(res)) {
    if (!res.headersSent && !res.hasHeader(NAME)) res.setHeader(NAME, "private")
  } else if (isReply(res)) {
    if (!res.sent && !res.hasHeader(NAME)) res.header(NAME, "private")
  }
}
