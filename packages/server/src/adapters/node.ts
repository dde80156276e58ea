import type { IncomingMessage, ServerResponse } from "node:http"
import { headersOf } from "../host/readHeaders.ts"
import type { AddressOption, Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { createNodeListener } from "./nodeListener.ts"

/** Serves a Latchkey with `createServer` of `node:http`. */
export function latchkeyHandler(
  latchkey: Mountable,
  { address = peerAddress }: AddressOption<IncomingMessage> = {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return createNodeListener(latchkey, address)
}

/** Lets only such callers through to a listener, which finds them in `request.caller`. */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  {
    address = peerAddress,
    ...requirement
  }: Requirement<NoInfer<Scope>> & AddressOption<IncomingMessage> = {},
): (
  listener: (request: IncomingMessage & { caller: Caller<Scope> }, response: ServerResponse) => unknown,
) => (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return (listener) => async (request, response) => {
    const verdict = await latchkey.authenticate(headersOf(request), {
      ...requirement,
      method: request.method,
      address: address(request),
      request,
    })
    for (const [name, value] of Object.entries(verdict.headers)) response.setHeader(name, value)
    if (verdict.ok) await listener(Object.assign(request, { caller: verdict.caller }), response)
    else response.writeHead(verdict.status).end(JSON.stringify(verdict.body))
  }
}

const peerAddress = ({ socket }: IncomingMessage) => socket.remoteAddress
