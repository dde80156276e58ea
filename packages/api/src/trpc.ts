import { AuthError, type Caller, DatabaseUnavailable, unauthenticated } from "@latchkey/auth"
import { initTRPC } from "@trpc/server"
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc"
import superjson from "superjson"
import type { Context } from "./context.ts"
import { failureOf } from "./failure.ts"

/** Who may call a procedure. */
export type Access = "anyone" | "jwt" | "jwtOrKey"

/** Where a procedure stands in REST. */
export interface RestRoute {
  method: "GET" | "POST" | "DELETE"
  path: `/auth/${string}`
  status: 200 | 201 | 204
  /** Names in the path, in braces, and the input fields that they fill. */
  params?: Readonly<Record<string, string>>
  summary: string
}

export interface Meta {
  access?: Access
  rest?: RestRoute
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer: superjson,
    isDev: false,
    errorFormatter({ error, ctx }) {
      const { code, status, reason, message, issues, begun } = failureOf(error)
      return {
        code: TRPC_ERROR_CODES_BY_KEY[code],
        message,
        data: {
          code,
          httpStatus: status,
          reason,
          requestId: ctx?.requestId ?? null,
          ...(issues && { issues }),
          ...(begun === false && { begun }),
        },
      }
    },
  })

export const router = t.router

export const publicProcedure = t.procedure.meta({ access: "anyone" })

/**
 * A request's caller. A bad credential is refused, never taken for none.
 *
 * @throws {AuthError} `UNAUTHENTICATED`, `AMBIGUOUS_CREDENTIALS`, `UNAVAILABLE`.
 */
async function callerOf(ctx: Context): Promise<Caller> {
  const authentication = await ctx.authentication().catch((cause: unknown) => {
    if (!(cause instanceof DatabaseUnavailable)) throw cause
    throw new AuthError("UNAVAILABLE", "Who is calling can't be told right now; try again shortly.", {
      cause,
    })
  })
  if (authentication.caller) return authentication.caller
  throw authentication.problem === "ambiguous"
    ? new AuthError("AMBIGUOUS_CREDENTIALS", "Send one access token or one API key, and only once.")
    : unauthenticated()
}

/**
 * The session whose access token a request has.
 *
 * @throws {AuthError} as `callerOf`, and `FORBIDDEN` for an API key.
 */
export async function sessionOf(ctx: Context) {
  const caller = await callerOf(ctx)
  if (caller.via !== "jwt") throw new AuthError("FORBIDDEN", "An API key can't do this; sign in.")
  return { userId: caller.user.id, sessionId: caller.sessionId }
}

/** For callers with a valid access token or API key. */
export const callerProcedure = t.procedure
  .meta({ access: "jwtOrKey" })
  .use(async ({ ctx, next }) => next({ ctx: { caller: await callerOf(ctx) } }))

/** For callers with a valid access token alone. */
export const sessionProcedure = callerProcedure
  .meta({ access: "jwt" })
  .use(async ({ ctx, next }) => next({ ctx: { session: await sessionOf(ctx) } }))
