import type { IncomingMessage, ServerResponse } from "node:http"
import { addressOf } from "../host/addressOf.ts"
import type { Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { checkDeclared } from "../verify/checkDeclared.ts"
import { admitRequest } from "./admitRequest.ts"
import { createNodeListener } from "./nodeListener.ts"

declare global {
  namespace Express {
    interface Locals {
      /** Set by `guard`. */
      caller: Caller
    }
  }
}

/** An Express middleware. */
export type ExpressHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>

/**
 * Serves a Latchkey: `app.use("/latchkey", latchkeyHandler(latchkey))`. Express's `trust proxy` determines addresses.
 */
export function latchkeyHandler(latchkey: Mountable): ExpressHandler {
  const listener = createNodeListener(latchkey, addressOf)
  return (request, response, next) => listener(request, response).catch(next)
}

/**
 * Passes on only the requests of callers who meet the requirement, and sets `response.locals.caller`.
 *
 * @throws {TypeError} for an undeclared scope and for an unknown `via`.
 */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  requirement: Requirement<NoInfer<Scope>> = {},
): ExpressHandler {
  checkDeclared(requirement, latchkey.scopes)
  async function admit(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const exchange = { request, response }
    const caller = await admitRequest(latchkey, exchange, { address: addressOf(request), requirement })
    if (!caller) return false
    const { locals } = response as ServerResponse & { locals: { caller: Caller } }
    locals.caller = caller
    return true
  }
  // Express 4 does not await the promise, so a rejection would end the process. The host's `trust proxy` may throw.
  return (request, response, next) =>
    admit(request, response).then((isAdmitted) => {
      if (isAdmitted) next()
    }, next)
}
