import type { IncomingMessage, ServerResponse } from "node:http"
import { addressOf, type KnownAddress } from "../host/addressOf.ts"
import type { AddressOption, Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { checkDeclared } from "../verify/checkDeclared.ts"
import { admitRequest } from "./admitRequest.ts"
import { createNodeListener } from "./nodeListener.ts"

/** Serves a Latchkey with `createServer` of `node:http`. */
export function latchkeyHandler(
  latchkey: Mountable,
  { address }: AddressOption<IncomingMessage> = {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return createNodeListener(latchkey, (request) => addressIn(request, address))
}

/**
 * Passes on only the requests of callers who meet the requirement. The listener finds the caller in `request.caller`.
 *
 * @throws {TypeError} for an undeclared scope and for an unknown `via`.
 */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  { address, ...requirement }: Requirement<NoInfer<Scope>> & AddressOption<IncomingMessage> = {},
): (
  listener: (request: IncomingMessage & { caller: Caller<Scope> }, response: ServerResponse) => unknown,
) => (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  checkDeclared(requirement, latchkey.scopes)
  return (listener) => async (request, response) => {
    const exchange = { request, response }
    const caller = await admitRequest(latchkey, exchange, {
      address: addressIn(request, address),
      requirement,
    })
    if (caller) await listener(Object.assign(request, { caller }), response)
  }
}

/** The connection's, unless the host knows better. */
function addressIn(
  request: IncomingMessage,
  address: AddressOption<IncomingMessage>["address"],
): KnownAddress {
  if (!address) return addressOf(request)
  try {
    return { address: address(request), isPeerAddress: false }
  } catch {
    // As for a header that a client has left out. The exception would end the process.
    return { address: undefined, isPeerAddress: false }
  }
}
