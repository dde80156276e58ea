import type { MiddlewareHandler } from "hono"
import type { AppEnv } from "../app.ts"

/**
 * Reads the body before anything else happens. The caller is authenticated afterwards, so that a credential which ends
 * between the headers and the body is rejected.
 */
export const readWholeBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  await c.req.arrayBuffer()
  return next()
}
