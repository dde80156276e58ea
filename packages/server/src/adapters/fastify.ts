import type { FastifyPluginAsync, preHandlerAsyncHookHandler } from "fastify"
import { headersOf } from "../host/readHeaders.ts"
import type { Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { createNodeListener, type NodeRequest } from "./nodeListener.ts"

declare module "fastify" {
  interface FastifyRequest {
    /** Set by `guard`. */
    caller: Caller
  }
}

/** Serves a Latchkey: `app.register(latchkeyHandler(latchkey))`. */
export function latchkeyHandler(latchkey: Mountable): FastifyPluginAsync {
  const addresses = new WeakMap<NodeRequest, string>()
  const listener = createNodeListener(latchkey, (request) => addresses.get(request))
  return async (app) => {
    // Latchkey reads the body itself.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser("*", async () => undefined)
    for (const path of [latchkey.basePath, `${latchkey.basePath}/*`]) {
      app.all(path, async ({ raw, ip }, reply) => {
        reply.hijack()
        addresses.set(raw, ip)
        await listener(raw, reply.raw)
      })
    }
  }
}

/** Lets only such callers pass, as a `preHandler`, and sets `request.caller`. */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  requirement: Requirement<NoInfer<Scope>> = {},
): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    const verdict = await latchkey.authenticate(headersOf(request.raw), {
      ...requirement,
      method: request.method,
      // By Fastify's option `trustProxy`.
      address: request.ip,
      request,
    })
    reply.headers(verdict.headers)
    if (!verdict.ok) return reply.code(verdict.status).send(verdict.body)
    request.caller = verdict.caller
    return undefined
  }
}
