import type { IncomingMessage, ServerResponse } from "node:http"
import { headersOf } from "../host/readHeaders.ts"
import type { Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
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

/** Lets only such callers pass, and sets `response.locals.caller`. */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  requirement: Requirement<NoInfer<Scope>> = {},
): ExpressHandler {
  return async (request, response, next) => {
    const verdict = await latchkey.authenticate(headersOf(request), {
      ...requirement,
      method: request.method,
      address: addressOf(request),
      request,
    })
    for (const [name, value] of Object.entries(verdict.headers)) response.setHeader(name, value)
    if (!verdict.ok) return void response.writeHead(verdict.status).end(JSON.stringify(verdict.body))
    const { locals } = response as ServerResponse & { locals: { caller: Caller } }
    locals.caller = verdict.caller
    next()
  }
}

/** By Express's setting `trust proxy`. */
function addressOf({ ip }: NodeRequest): string | undefined {
  return typeof ip === "string" ? ip : undefined
}
