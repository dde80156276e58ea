import { AuthError, adminSessionOf, type Caller, DatabaseUnavailable, unauthenticated } from "@latchkey/auth"
import type { Reason } from "@latchkey/contract"
import { initTRPC } from "@trpc/server"
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc"
import { failureOf, toTrpcError } from "../failure.ts"
import type { Context } from "./context.ts"
import { transformer } from "./transformer.ts"

/** Who may call a procedure. */
export type Access = "anyone" | "jwt" | "jwtOrKey" | "admin"

/** A procedure's REST route, and its documentation in OpenAPI. */
export interface RestRoute {
  method: "GET" | "POST" | "DELETE"
  path: `/auth/${string}`
  status: 200 | 201 | 204
  /** Maps path parameters to the input fields that they fill. */
  params?: Readonly<Record<string, string>>
  summary: string
  /** What the operation does and when it fails, in Markdown. */
  description: string
  /** The reasons of errors that don't follow from the access, the input and the method. */
  reasons?: readonly Reason[]
}

export interface Meta {
  access?: Access
  /** The procedure rejects any input. Cheaper than a schema, which would add a middleware. */
  input?: "none"
  /**
   * `none`: the call bypasses the fair queue, because it runs no query of its own, or because it waits for bcrypt and
   * must not hold a place meanwhile. Rate limits, the bcrypt queues and the mutex per user bound such calls.
   * `own`: the procedure enters the queue itself, once it has identified the client.
   */
  queue?: "none" | "own"
  rest?: RestRoute
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer,
    isDev: false,
    errorFormatter({ error, ctx }) {
      const { code, status, message, ...rest } = failureOf(error)
      return {
        code: TRPC_ERROR_CODES_BY_KEY[code],
        message,
        data: { code, httpStatus: status, requestId: ctx?.latchkey.request.requestId ?? null, ...rest },
      }
    },
  })

export const router = t.router

/**
 * Converts errors where they leave a procedure, so that they keep their code in other routers with other error
 * formatters. Otherwise a wrong password would be a 500 there.
 */
const baseProcedure = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok) throw toTrpcError(result.error)
  return result
})

/** Created once, because rejections come in floods and capturing a stack costs more than the rest of a call. */
const UNAUTHENTICATED = toTrpcError(unauthenticated())
const AMBIGUOUS = toTrpcError(
  new AuthError("AMBIGUOUS_CREDENTIALS", "Send exactly one credential: an access token or an API key."),
)

/**
 * The caller of a request. An invalid credential is rejected, not treated as missing.
 *
 * @throws {AuthError} `UNAUTHENTICATED`, `AMBIGUOUS_CREDENTIALS`, `UNAVAILABLE`.
 */
async function callerOf({ latchkey }: Context): Promise<Caller> {
  const authentication = await latchkey.authenticate().catch((cause: unknown) => {
    if (!(cause instanceof DatabaseUnavailable)) throw cause
    throw new AuthError("UNAVAILABLE", "Authentication is temporarily unavailable; try again shortly.", {
      cause,
    })
  })
  if (authentication.caller) return authentication.caller
  throw authentication.problem === "ambiguous" ? AMBIGUOUS : UNAUTHENTICATED
}

/**
 * The session of the request's access token.
 *
 * @throws {AuthError} as `callerOf`, and `FORBIDDEN` for an API key.
 */
export async function sessionOf(ctx: Context) {
  return sessionOfCaller(await callerOf(ctx))
}

function sessionOfCaller(caller: Caller) {
  if (caller.via !== "jwt") throw new AuthError("FORBIDDEN", "An API key can't do this; use an access token.")
  return { userId: caller.user.id, sessionId: caller.sessionId }
}

interface Call {
  ctx: Context
  meta: Meta | undefined
  getRawInput: () => Promise<unknown>
}

/** Runs the rest of a call in the fair queue. Reads the input first, so that the call holds no place meanwhile. */
async function runQueued<T>({ ctx, meta, getRawInput }: Call, run: () => Promise<T>): Promise<T> {
  if (meta?.queue) return run()
  await getRawInput()
  return ctx.latchkey.runQueued(run)
}

async function refuseInput(meta: Meta | undefined, getRawInput: () => Promise<unknown>) {
  if (meta?.input === "none" && (await getRawInput()) !== undefined) {
    throw new AuthError("INVALID_INPUT", "This takes no input.")
  }
}

/** For anyone. If `access` is overridden, a credential is optional, but an invalid one is rejected. */
export const publicProcedure = baseProcedure.meta({ access: "anyone" }).use(async (call) => {
  if (call.meta?.access !== "anyone" && call.ctx.latchkey.request.hasCredential) await callerOf(call.ctx)
  return runQueued(call, () => call.next())
})

/** A public procedure that takes no input. */
export const inputlessProcedure = publicProcedure.use(async ({ meta, getRawInput, next }) => {
  await refuseInput(meta, getRawInput)
  return next()
})

/** For callers with a valid access token or API key. */
export const callerProcedure = baseProcedure.meta({ access: "jwtOrKey" }).use(async (call) => {
  const caller = await callerOf(call.ctx)
  await refuseInput(call.meta, call.getRawInput)
  return runQueued(call, () => call.next({ ctx: { caller } }))
})

/** For callers with a valid access token. API keys are rejected. */
export const sessionProcedure = callerProcedure
  .meta({ access: "jwt" })
  .use(({ ctx, next }) => next({ ctx: { session: sessionOfCaller(ctx.caller) } }))

/** For administrators with a valid access token. API keys are rejected. */
export const adminProcedure = callerProcedure
  .meta({ access: "admin" })
  .use(({ ctx, next }) => next({ ctx: { by: adminSessionOf(ctx.caller) } }))
