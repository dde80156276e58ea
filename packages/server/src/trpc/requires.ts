import { toTrpcError } from "@latchkey/api"
import { initTRPC } from "@trpc/server"
import { type HostRequest, hostRequestOf } from "../host/hostRequest.ts"
import type { Caller, LatchkeyContext, Requirement, RequiresProcedure } from "../types.ts"
import { checkDeclared } from "../verify/checkRequirement.ts"
import type { Verify } from "../verify/verify.ts"
import { watchSubscription } from "./watchSubscription.ts"

// tRPC would read the environment otherwise.
const t = initTRPC.context<LatchkeyContext>().create({ isDev: false })

interface RequiresOptions {
  verify: Verify
  scopes: readonly string[]
  /** Called when a verification is done. */
  onVerified: () => void
}

/** What each `requires` asks for, by its middleware. */
const requirements = new WeakMap<object, Requirement>()

/** What a procedure asks for; empty if it is not behind `requires`. */
export const requirementsOf = (middlewares: readonly object[]): Requirement[] =>
  middlewares.flatMap((middleware) => requirements.get(middleware) ?? [])

/**
 * Creates `requires`: a procedure that lets only such callers pass. It verifies at every call, and again while a
 * subscription runs.
 */
export function createRequires({ verify, scopes, onVerified }: RequiresOptions) {
  return (requirement: Requirement = {}): RequiresProcedure<string> => {
    checkDeclared(requirement, scopes)

    /** @throws {TRPCError} as the contract says. */
    async function callerOf(request: HostRequest, isUnsafe: boolean): Promise<Caller> {
      const outcome = await verify(request, requirement, { isUnsafe })
      onVerified()
      if (!outcome.ok) throw toTrpcError(outcome.error)
      return outcome.caller
    }

    const procedure = t.procedure.use(async ({ ctx, type, getRawInput, signal, next }) => {
      const request = hostRequestOf(ctx)
      // A credential that ends while the body arrives is refused. Errors in the body are for the rest of the call.
      await getRawInput().catch(() => {})
      const caller = await callerOf(request, type === "mutation")
      const result = await next({ ctx: { caller } })
      if (type !== "subscription" || !result.ok) return result
      const verifyAgain = () => {
        request.call.forget()
        return callerOf(request, false)
      }
      return { ...result, data: watchSubscription(result.data, verifyAgain, signal) }
    })
    const [middleware] = procedure._def.middlewares
    if (middleware) requirements.set(middleware, requirement)
    return procedure
  }
}
