import { AuthError } from "@latchkey/auth"
import type { MiddlewareHandler } from "hono"
import type { AppContext, AppEnv } from "../app.ts"

/**
 * Reads the body before anything else happens. The caller is authenticated afterwards, so that a credential which ends
 * between the headers and the body is rejected.
 */
export const readWholeBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  await expectWholeBody(c, () => c.req.arrayBuffer())
  return next()
}

/**
 * Runs a function that reads the body.
 *
 * @throws {AuthError} `INVALID_INPUT` if the client disconnects before the body is complete. That is not a server error.
 */
export async function expectWholeBody<Result>(c: AppContext, read: () => Promise<Result>): Promise<Result> {
  // If the host has already read the body, that is a mistake to log.
  const isUsed = c.req.raw.bodyUsed
  try {
    return await read()
  } catch (cause) {
    if (isUsed) throw cause
    throw new AuthError("INVALID_INPUT", "The body is incomplete.", { cause })
  }
}
