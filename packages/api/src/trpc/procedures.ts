import {
  AuthError,
  type Authentication,
  type Caller,
  countCall,
  DatabaseUnavailable,
  requireScopes,
  unauthenticated,
} from "@latchkey/auth"
import type { Reason } from "@latchkey/contract"
import { initTRPC } from "@trpc/server"
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc"
import type { z } from "zod"
import { failureOf, toTrpcError } from "../failure.ts"
import { ON_BEHALF_OF, readOnBehalfOf } from "../http/onBehalfOf.ts"
import { mayAnswerHost } from "../http/sessionCookie.ts"
import type { Context } from "./context.ts"
import { transformer } from "./transformer.ts"

/** Who may call a procedure. */
export type Access = "anyone" | "jwt" | "jwtOrKey" | "key" | "admin"

/** A procedure's REST route, and its documentation in OpenAPI. */
export interface RestRoute {
  method: "GET" | "POST" | "PATCH" | "DELETE"
  path: `/auth/${string}` | `/oauth/${string}`
  /**
   * An endpoint of OAuth: the body is a form with further fields, which are ignored; the caller is a client, which may
   * present its key as a password; and a client that may not ask gets 401.
   */
  oauth?: true
  /** The operation's id in OpenAPI. Default: the procedure's path. */
  operationId?: string
  /** The input that this route takes, if the procedure takes others too. */
  input?: z.ZodType
  status: 200 | 201 | 202 | 204
  /** Maps path parameters to the input fields that they fill. */
  params?: Readonly<Record<string, string>>
  summary: string
  /** A description of the operation and of its failures, in Markdown. */
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
  /** Belongs to Latchkey's own accounts, and does not exist without them. */
  accounts?: true
  /**
   * `owner`: a key with `latchkey:manage` may call it for an owner that the headers name. `admin`: such a key may call it
   * like an administrator.
   */
  managers?: "owner" | "admin"
  /** Owner tokens are accepted. Every other procedure refuses them. */
  ownerTokens?: true
  /** The scope that the caller needs. */
  scope?: string
  /** Ends the caller's session. A call whose session has ended already waits until all instances reject it. */
  endsSession?: true
  /** A key's call about itself counts towards no limit, so that it can always be made. */
  sparesOwnKey?: true
  /** The call is about somebody else's key, so the error says that an exceeded limit is the caller's. */
  isAboutOthers?: true
  rest?: RestRoute | readonly RestRoute[]
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer,
    isDev: false,
    errorFormatter({ error, ctx }) {
      const { code, status, message, scope: _, ...rest } = failureOf(error)
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
export const baseProcedure = t.procedure.use(async ({ ctx, meta, next }) => {
  await ctx.latchkey.opening()?.catch((error: unknown) => {
    throw toTrpcError(error)
  })
  if (meta?.accounts && ctx.latchkey.auth.passwords === "off") throw NO_ACCOUNTS
  const result = await next()
  if (!result.ok) throw toTrpcError(result.error)
  return result
})

const NO_ACCOUNTS = toTrpcError(new AuthError("NOT_FOUND", "This path does not exist."))

/** Created once, because rejections come in floods and capturing a stack costs more than the rest of a call. */
const UNAUTHENTICATED = toTrpcError(unauthenticated())
const AMBIGUOUS = toTrpcError(
  new AuthError("AMBIGUOUS_CREDENTIALS", "Send exactly one credential: an access token or an API key."),
)

async function authenticationOf({ latchkey }: Context): Promise<Authentication> {
  return latchkey.authenticate().catch((cause: unknown) => {
    if (!(cause instanceof DatabaseUnavailable)) throw cause
    throw new AuthError("UNAVAILABLE", "Authentication is temporarily unavailable; try again shortly.", {
      cause,
    })
  })
}

function requireCaller(authentication: Authentication): Caller {
  if (authentication.caller) return authentication.caller
  throw authentication.problem === "ambiguous" ? AMBIGUOUS : UNAUTHENTICATED
}

/**
 * The caller of one of a request's calls, which counts towards the limit of their key. An invalid credential is rejected, not
 * treated as missing.
 *
 * @throws {AuthError} `UNAUTHENTICATED`, `AMBIGUOUS_CREDENTIALS`, `RATE_LIMITED`, `UNAVAILABLE`.
 */
export async function callerOf(ctx: Context): Promise<Caller> {
  const authentication = await authenticationOf(ctx)
  const caller = requireCaller(authentication)
  countCall(authentication, ctx.latchkey.request)
  return caller
}

/**
 * The caller of a procedure, which may accept owner tokens.
 *
 * @throws {AuthError} as `callerOf`, and `FORBIDDEN` for an owner token where none is accepted.
 */
async function procedureCallerOf({ ctx, meta, getRawInput }: CallOfCaller): Promise<Caller> {
  const authentication = await authenticationOf(ctx)
  if (authentication.caller || !authentication.forKeysOnly) {
    const caller = requireCaller(authentication)
    if (!(meta?.sparesOwnKey && (await isAboutItself(caller, { ctx, getRawInput })))) {
      countCall(authentication, ctx.latchkey.request, { of: meta?.isAboutOthers && "caller" })
    }
    return caller
  }
  if (!meta?.ownerTokens) throw new AuthError("FORBIDDEN", "This token is valid only for its owner's keys.")
  ctx.latchkey.request.caller = authentication.forKeysOnly
  return authentication.forKeysOnly
}

async function isAboutItself(caller: Caller, { ctx, getRawInput }: Pick<Call, "ctx" | "getRawInput">) {
  if (caller.via !== "apiKey" || ctx.latchkey.request.headers.get(ON_BEHALF_OF) !== null) return false
  const input = (await getRawInput().catch(() => undefined)) as { id?: unknown } | undefined
  return input?.id === caller.apiKeyId
}

type CallOfCaller = Pick<Call, "ctx" | "meta" | "getRawInput">

/** The caller, or the owner for whom they act. @throws {AuthError} as `procedureCallerOf` and `ActFor`. */
async function actingCallerOf(call: CallOfCaller): Promise<Caller> {
  const { ctx, meta } = call
  const caller = await procedureCallerOf(call)
  const named = meta?.managers === "owner" ? readOnBehalfOf(ctx.latchkey.request.headers) : null
  return named ? ctx.latchkey.auth.actFor(caller, named) : caller
}

/**
 * The session of the request's access token, for a call that has been counted.
 *
 * @throws {AuthError} `UNAUTHENTICATED`, `AMBIGUOUS_CREDENTIALS`, `UNAVAILABLE`, and `FORBIDDEN` for callers without a session.
 */
export async function sessionOf(ctx: Context) {
  return sessionOfCaller(requireCaller(await authenticationOf(ctx)))
}

function sessionOfCaller(caller: Caller) {
  refuseKey(caller)
  if (caller.via !== "jwt" || caller.sessionId === undefined) {
    throw new AuthError("FORBIDDEN", "Only accounts of Latchkey's own can do this.")
  }
  return { userId: caller.owner.id, sessionId: caller.sessionId, secondFactor: caller.secondFactor }
}

function refuseKey(caller: Caller) {
  if (caller.via === "apiKey" && !caller.manager)
    throw new AuthError("FORBIDDEN", "An API key can't do this; use an access token.")
}

/** Checks the conditions for every call of a caller. @throws {AuthError} `FORBIDDEN`, `INSUFFICIENT_SCOPE`. */
function checkCall(caller: Caller, { type, meta, ctx }: Pick<Call, "type" | "meta" | "ctx">) {
  if (meta?.scope !== undefined) requireScopes(caller, [meta.scope])
  const isChange = type === "mutation"
  if (isChange && caller.manage === "read") {
    throw new AuthError("FORBIDDEN", "This credential can only read.")
  }
  if (caller.via === "host" && !mayAnswerHost(ctx.latchkey.request, { isChange })) {
    throw new AuthError(
      "FORBIDDEN",
      "This needs the Origin of a page of this server, or of one that it allows.",
    )
  }
}

interface Call {
  ctx: Context
  type: string
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

/** An earlier call may have ended the session of an access token without its being known whether all instances reject it. */
async function confirmEnd(ctx: Context) {
  const { latchkey } = ctx
  const authentication = await authenticationOf(ctx)
  const userId = authentication.caller ? undefined : authentication.endedSessionOf
  if (userId !== undefined) {
    await latchkey.runQueued(() => latchkey.auth.accounts.confirmLogout(userId, latchkey.request))
  }
}

/** For anyone. If `access` is overridden, a credential is optional, but an invalid one is rejected. */
export const publicProcedure = baseProcedure.meta({ access: "anyone" }).use(async (call) => {
  if (call.meta?.access !== "anyone" && call.ctx.latchkey.request.hasCredential) {
    if (call.meta?.endsSession) await confirmEnd(call.ctx)
    await procedureCallerOf(call)
  }
  return runQueued(call, () => call.next())
})

/** A public procedure that takes no input. */
export const inputlessProcedure = publicProcedure.use(async ({ meta, getRawInput, next }) => {
  await refuseInput(meta, getRawInput)
  return next()
})

/** Lets callers pass, and adds them to the context. */
export const asCaller = t.middleware(async (call) => {
  const caller = await actingCallerOf(call)
  checkCall(caller, call)
  await refuseInput(call.meta, call.getRawInput)
  return runQueued(call, () => call.next({ ctx: { caller } }))
})

/** For any caller. */
export const callerProcedure = baseProcedure.meta({ access: "jwtOrKey" }).use(asCaller)

/** For callers with a valid JWT, and those identified by the host. API keys are rejected. */
export const ownerProcedure = callerProcedure.meta({ access: "jwt" }).use(({ ctx, next }) => {
  refuseKey(ctx.caller)
  return next()
})

/** For keys that act for an owner. */
export const managerProcedure = callerProcedure
  .meta({ access: "key", managers: "owner" })
  .use(({ ctx, next }) => {
    ctx.latchkey.auth.ownerTokens.requireManager(ctx.caller)
    return next()
  })

/** For callers with a session of one of Latchkey's own accounts. All others are rejected. */
export const sessionProcedure = callerProcedure
  .meta({ access: "jwt", accounts: true })
  .use(({ ctx, next }) => next({ ctx: { session: sessionOfCaller(ctx.caller) } }))

/** For administrators, with a JWT or identified by the host. API keys are rejected. */
export const adminProcedure = callerProcedure.meta({ access: "admin" }).use(({ ctx, meta, next }) => {
  const acceptsManagers = meta?.managers === "admin"
  return next({ ctx: { by: ctx.latchkey.auth.administratorOf(ctx.caller, { acceptsManagers }) } })
})
