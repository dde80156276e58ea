import { types } from "node:util"

/**
 * A request that can be copied. Next passes a `Proxy` of a request, which the constructor of `Request` refuses from
 * Node 24 on, because its state is private.
 */
export function toPlainRequest(request: Request): Request {
  if (request instanceof Request && !types.isProxy(request)) return request
  const { url, method, body, signal } = request
  const init = { method, headers: [...request.headers], body, signal, duplex: "half" }
  return new Request(url, init as RequestInit)
}
