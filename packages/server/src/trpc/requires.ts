import { type AuthSource, toTrpcError } from "@latchkey/api"
import { initTRPC } from "@trpc/server"
import { type HostRequest, hostRequestOf } from "../host/hostRequest.ts"
import type { Caller, LatchkeyContext, Requirement, RequiresProcedure } from "../types.ts"
import { checkDeclared } from "../verify/checkDeclared.ts"
import type { Verify } from "../verify/verify.ts"
import { watchStream } from "./watchStream.ts"

// tRPC would read the environment otherwise.
const t = initTRPC.context<LatchkeyContext>().create({ isDev: false })

interface RequiresOptions {
  /** That of the contexts. */
  source: AuthSource
  verify: Verify
  scopes: readonly string[]
  /** Called when a verification is done. */
  onVerified: () => void
}

/** Callers of procedure calls that have already been counted. A context passes them on within one call. */
const counted = new WeakSet<object>()

/** The requirement of each `requires`, by its middleware. */
const requirements = new WeakMap<object, Requirement>()

/** The requirements of a procedure; empty if it is not behind `requires`. */
export const requirementsOf = (middlewares: readonly object[]): Requirement[] =>
  middlewares.flatMap((middleware) => requirements.get(middleware) ?? [])

/**
 * Creates `requires`: a procedure for callers who meet the requirement. It verifies them at every call, and again while
 * its answer is streamed.
 */
export function createRequires({ source, verify, scopes, onVerified }: RequiresOptions) {
  return (requirement: Requirement = {}): RequiresProcedure<string> => {
    checkDeclared(requirement, scopes)

    /** @throws {TRPCError} with the codes of the contract. */
    async function callerOf(
      request: HostRequest,
      options: { isUnsafe: boolean; isCounted: (apiKeyId: string) => boolean },
    ): Promise<Caller> {
      const outcome = await verify(request, requirement, options)
      onVerified()
      if (!outcome.ok) throw toTrpcError(outcome.error)
      return outcome.caller
    }

    const procedure = t.procedure.use(async ({ ctx, type, getRawInput, signal, next }) => {
      const request = hostRequestOf(ctx, source)
      // A credential that ends while the body arrives is refused. Errors in the body are left to the rest of the
      // call.
      await getRawInput().catch(() => {})
      const isCounted = (apiKeyId: string) => isCountedIn(ctx) || request.counted.note("procedure", apiKeyId)
      const caller = await callerOf(request, { isUnsafe: type === "mutation", isCounted })
      counted.add(caller)
      const result = await next({ ctx: { caller } })
      if (!result.ok) return result
      const verifyAgain = () => {
        request.call.forget()
        return callerOf(request, { isUnsafe: false, isCounted: () => true })
      }
      const data = watchStream(result.data, verifyAgain, { type, signal })
      return data === result.data ? result : { ...result, data }
    })
    const [middleware] = procedure._def.middlewares
    if (middleware) requirements.set(middleware, requirement)
    return procedure
  }
}

/** Whether another `requires` has verified the same call. */
function isCountedIn(ctx: object): boolean {
  const { caller } = ctx as { caller?: unknown }
  return typeof caller === "object" && caller !== null && counted.has(caller)
}
