import { AuthError, adminSessionOf, type Caller, DatabaseUnavailable, unauthenticated } from "@latchkey/auth"
import { initTRPC } from "@trpc/server"
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc"
import { failureOf, toTrpcError } from "../failure.ts"
import type { Context } from "./context.ts"
import { transformer } from "./transformer.ts"

/** Who may call a procedure. */
export type Access = "anyone" | "jwt" | "jwtOrKey" | "admin"

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
  /** The procedure takes no input, and refuses any. Cheaper than a schema that says so: no layer of its own. */
  input?: "none"
  /**
   * `none`: the call takes no turn in the fair queue, as it queries nothing for itself, or waits for bcrypt and must
   * not hold a place meanwhile. Such calls are bounded by the limits, the bcrypt queues and their order by user.
   * `own`: the procedure takes its turn itself, once it knows whose it is.
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
 * Gives errors their code where they leave a procedure, so that they have it under any router's error formatter, and
 * in none of them a wrong password is a 500.
 */
const baseProcedure = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok) throw toTrpcError(result.error)
  return result
})

/** Created once: rejections come in floods, and capturing a stack costs more than the rest of a call. */
const UNAUTHENTICATED = toTrpcError(unauthenticated())
const AMBIGUOUS = toTrpcError(
  new AuthError("AMBIGUOUS_CREDENTIALS", "Send one access token or one API key, and only once."),
)

/**
 * A request's caller. An invalid credential is rejected, not treated as missing.
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
 * The session whose access token a request has.
 *
 * @throws {AuthError} as `callerOf`, and `FORBIDDEN` for an API key.
 */
export async function sessionOf(ctx: Context) {
  return sessionOfCaller(await callerOf(ctx))
}

function sessionOfCaller(caller: Caller) {
  if (caller.via !== "jwt") throw new AuthError("FORBIDDEN", "An API key can't do this; sign in.")
  return { userId: caller.user.id, sessionId: caller.sessionId }
}

interface Call {
  ctx: Context
  meta: Meta | undefined
  getRawInput: () => Promise<unknown>
}

/** Runs the rest of a call when it is its client's turn. The input has to be there before the call takes a place. */
async function runInTurn<T>({ ctx, meta, getRawInput }: Call, run: () => Promise<T>): Promise<T> {
  if (meta?.queue) return run()
  await getRawInput()
  return ctx.latchkey.runInTurn(run)
}

async function refuseInput(meta: Meta | undefined, getRawInput: () => Promise<unknown>) {
  if (meta?.input === "none" && (await getRawInput()) !== undefined) {
    throw new AuthError("INVALID_INPUT", "This takes no input.")
  }
}

/** For anyone; where a credential counts if there is one, a bad one is refused. */
export const publicProcedure = baseProcedure.meta({ access: "anyone" }).use(async (call) => {
  if (call.meta?.access !== "anyone" && call.ctx.latchkey.request.hasCredential) await callerOf(call.ctx)
  return runInTurn(call, () => call.next())
})

/** For anyone, and with nothing to say. */
export const inputlessProcedure = publicProcedure.use(async ({ meta, getRawInput, next }) => {
  await refuseInput(meta, getRawInput)
  return next()
})

/** For callers with a valid access token or API key. */
export const callerProcedure = baseProcedure.meta({ access: "jwtOrKey" }).use(async (call) => {
  const caller = await callerOf(call.ctx)
  await refuseInput(call.meta, call.getRawInput)
  return runInTurn(call, () => call.next({ ctx: { caller } }))
})

/** For callers with a valid access token alone. */
export const sessionProcedure = callerProcedure
  .meta({ access: "jwt" })
  .use(({ ctx, next }) => next({ ctx: { session: sessionOfCaller(ctx.caller) } }))

/** For administrators with a valid access token alone. */
export const adminProcedure = callerProcedure
  .meta({ access: "admin" })
  .use(({ ctx, next }) => next({ ctx: { by: adminSessionOf(ctx.caller) } }))
