import type { IncomingMessage, ServerResponse } from "node:http"
import type { AddressOption, Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { admitRequest } from "./admitRequest.ts"
import { createNodeListener } from "./nodeListener.ts"

/** Serves a Latchkey with `createServer` of `node:http`. */
export function latchkeyHandler(
  latchkey: Mountable,
  { address = peerAddress }: AddressOption<IncomingMessage> = {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return createNodeListener(latchkey, address)
}

/** Passes on only the requests of callers who meet the requirement. The listener finds the caller in `request.caller`. */
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
    const exchange = { request, response }
    const caller = await admitRequest(latchkey, exchange, { address: address(request), requirement })
    if (caller) await listener(Object.assign(request, { caller }), response)
  }
}

const peerAddress = ({ socket }: IncomingMessage) => socket.remoteAddress
