import type { MiddlewareHandler } from "hono"
import type { AppEnv } from "./app.ts"

/**
 * Reads the body before anything else is done with a request. Only then is the caller authenticated, so that
 * headers sent ahead can't keep alive what has ended by the time the body arrives.
 */
export const readWholeBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  await c.req.arrayBuffer()
  return next()
}
