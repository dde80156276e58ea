import type { Context, Handler, MiddlewareHandler } from "hono"
import { addressOf } from "../host/addressOf.ts"
import type { AddressOption, Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { checkDeclared } from "../verify/checkDeclared.ts"
import { guardedHeaders } from "./guardedHeaders.ts"

/** Serves a Latchkey: `app.all("/latchkey/*", latchkeyHandler(latchkey))`. */
export function latchkeyHandler(latchkey: Mountable, { address }: AddressOption<Context> = {}): Handler {
  return async (c) => latchkey.fetch(await withReadBody(c), { ...addressIn(c, address), request: c.req })
}

/**
 * Passes on only the requests of callers who meet the requirement, and sets `c.var.caller`.
 *
 * @throws {TypeError} for an undeclared scope and for an unknown `via`.
 */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  { address, ...requirement }: Requirement<NoInfer<Scope>> & AddressOption<Context> = {},
): MiddlewareHandler<{ Variables: { caller: Caller<Scope> } }> {
  checkDeclared(requirement, latchkey.scopes)
  return async (c, next) => {
    const verdict = await latchkey.authenticate(c.req.raw.headers, {
      ...requirement,
      method: c.req.method,
      ...addressIn(c, address),
      request: c.req,
    })
    if (!verdict.ok) return verdict.toResponse()
    c.set("caller", verdict.caller)
    await next()
    // Not `c.res.headers`: those of a response from `fetch` can't be changed.
    for (const [name, value] of guardedHeaders(verdict, c.res.headers.has("cache-control"))) {
      c.header(name, value)
    }
    return undefined
  }
}

/** An earlier middleware may have read the body, which Hono keeps. */
async function withReadBody({ req }: Context): Promise<Request> {
  if (!req.raw.bodyUsed) return req.raw
  const { method, headers, url } = req.raw
  return new Request(url, { method, headers, body: await req.arrayBuffer() })
}

/** With `@hono/node-server`, unless the host knows better. Without a server, as in tests, there is no environment. */
function addressIn(c: Context, address: AddressOption<Context>["address"]) {
  if (address) return { address: address(c) }
  const { incoming } = (c.env ?? {}) as { incoming?: object }
  return addressOf(incoming ?? {})
}
