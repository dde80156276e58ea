import type { Context, Handler, MiddlewareHandler } from "hono"
import type { AddressOption, Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"

/** Serves a Latchkey: `app.all("/latchkey/*", latchkeyHandler(latchkey))`. */
export function latchkeyHandler(
  latchkey: Mountable,
  { address = peerAddress }: AddressOption<Context> = {},
): Handler {
  return async (c) => latchkey.fetch(await withReadBody(c), { address: address(c), request: c.req })
}

/** Lets only such callers pass, and sets `c.var.caller`. */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  { address = peerAddress, ...requirement }: Requirement<NoInfer<Scope>> & AddressOption<Context> = {},
): MiddlewareHandler<{ Variables: { caller: Caller<Scope> } }> {
  return async (c, next) => {
    const verdict = await latchkey.authenticate(c.req.raw.headers, {
      ...requirement,
      method: c.req.method,
      address: address(c),
      request: c.req,
    })
    if (!verdict.ok) return verdict.toResponse()
    c.set("caller", verdict.caller)
    await next()
    for (const [name, value] of Object.entries(verdict.headers)) c.res.headers.set(name, value)
    return undefined
  }
}

/** An earlier middleware may have read the body, which Hono keeps. */
async function withReadBody({ req }: Context): Promise<Request> {
  if (!req.raw.bodyUsed) return req.raw
  const { method, headers, url } = req.raw
  return new Request(url, { method, headers, body: await req.arrayBuffer() })
}

/** With `@hono/node-server`. */
function peerAddress(c: Context): string | undefined {
  const { incoming } = c.env as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress
}
