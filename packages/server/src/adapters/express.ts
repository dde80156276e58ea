import type { IncomingMessage, ServerResponse } from "node:http"
import type { Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { admitRequest } from "./admitRequest.ts"
import { createNodeListener, type NodeRequest } from "./nodeListener.ts"

declare global {
  namespace Express {
    interface Locals {
      /** Set by `guard`. */
      caller: Caller
    }
  }
}

/** A middleware of Express. */
export type ExpressHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>

/** Serves a Latchkey: `app.use("/latchkey", latchkeyHandler(latchkey))`. */
export function latchkeyHandler(latchkey: Mountable): ExpressHandler {
  const listener = createNodeListener(latchkey, addressOf)
  return (request, response, next) => listener(request, response).catch(next)
}

/** Passes on only the requests of callers who meet the requirement, and sets `response.locals.caller`. */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  requirement: Requirement<NoInfer<Scope>> = {},
): ExpressHandler {
  return async (request, response, next) => {
    const exchange = { request, response }
    const caller = await admitRequest(latchkey, exchange, { address: addressOf(request), requirement })
    if (!caller) return
    const { locals } = response as ServerResponse & { locals: { caller: Caller } }
    locals.caller = caller
    next()
  }
}

/** By Express's setting `trust proxy`. */
function addressOf({ ip }: NodeRequest): string | undefined {
  return typeof ip === "string" ? ip : undefined
}
