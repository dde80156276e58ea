import type { FastifyPluginAsync, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from "fastify"
import { addressOf } from "../host/addressOf.ts"
import { headersOf } from "../host/readHeaders.ts"
import type { Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { checkDeclared } from "../verify/checkDeclared.ts"
import { guardedHeaders } from "./guardedHeaders.ts"
import { createNodeListener, type NodeRequest } from "./nodeListener.ts"

declare module "fastify" {
  interface FastifyRequest {
    /** Set by `guard`. */
    caller: Caller
  }
}

/** Serves a Latchkey: `app.register(latchkeyHandler(latchkey))`. */
export function latchkeyHandler(latchkey: Mountable): FastifyPluginAsync {
  const requests = new WeakMap<NodeRequest, FastifyRequest>()
  const listener = createNodeListener(
    latchkey,
    (raw) => addressOf(requests.get(raw) ?? raw),
    (raw) => headersOf(requests.get(raw) ?? raw),
  )
  return async (app) => {
    // Latchkey reads the body itself.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser("*", async () => undefined)
    for (const path of [latchkey.basePath, `${latchkey.basePath}/*`]) {
      app.all(path, async (request, reply) => {
        reply.hijack()
        requests.set(request.raw, request)
        await listener(request.raw, reply.raw).catch((error: unknown) => {
          // The host's mistake. Fastify neither reports it nor responds, because the reply is hijacked.
          request.log.error(error)
          if (!reply.raw.headersSent) reply.raw.writeHead(500).end()
        })
      })
    }
  }
}

/**
 * A `preHandler` that refuses callers who don't meet the requirement, and sets `request.caller` for others.
 *
 * @throws {TypeError} for an undeclared scope and for an unknown `via`.
 */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  requirement: Requirement<NoInfer<Scope>> = {},
): preHandlerAsyncHookHandler {
  checkDeclared(requirement, latchkey.scopes)
  return async (request, reply) => {
    const verdict = await latchkey.authenticate(headersOf(request), {
      ...requirement,
      method: request.method,
      // Fastify's option `trustProxy` determines it.
      ...addressOf(request),
      request,
    })
    reply.headers(Object.fromEntries(guardedHeaders(verdict, reply.hasHeader("cache-control"))))
    if (!verdict.ok) return untilEnded(reply.code(verdict.status).send(verdict.body))
    request.caller = verdict.caller
    return undefined
  }
}

/**
 * Settles when the response has ended. It never does if the client disconnects before that, as while a hook `onSend`
 * still runs: Fastify would go on to the handler, because a reply counts as sent only when its response has ended.
 */
async function untilEnded(reply: FastifyReply): Promise<void> {
  await new Promise<void>((resolve) => reply.then(resolve, () => resolve()))
  if (!reply.sent) await new Promise(() => {})
}
