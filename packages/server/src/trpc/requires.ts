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

/** Callers of procedure calls that count already. A context passes them on within one call. */
const counted = new WeakSet<object>()

/** What each `requires` asks for, by its middleware. */
const requirements = new WeakMap<object, Requirement>()

/** What a procedure asks for; empty if it is not behind `requires`. */
export const requirementsOf = (middlewares: readonly object[]): Requirement[] =>
  middlewares.flatMap((middleware) => requirements.get(middleware) ?? [])

/**
 * Creates `requires`: a procedure for callers who meet the requirement. It verifies them at every call, and again while a
 * subscription runs.
 */
export function createRequires({ verify, scopes, onVerified }: RequiresOptions) {
  return (requirement: Requirement = {}): RequiresProcedure<string> => {
    checkDeclared(requirement, scopes)

    /** @throws {TRPCError} as the contract says. */
    async function callerOf(
      request: HostRequest,
      options: { isUnsafe: boolean; isCounted: boolean },
    ): Promise<Caller> {
      const outcome = await verify(request, requirement, options)
      onVerified()
      if (!outcome.ok) throw toTrpcError(outcome.error)
      return outcome.caller
    }

    const procedure = t.procedure.use(async ({ ctx, type, getRawInput, signal, next }) => {
      const request = hostRequestOf(ctx)
      // A credential that ends while the body arrives is refused. Errors in the body are for the rest of the call.
      await getRawInput().catch(() => {})
      const isCounted = isCountedIn(ctx) || request.counted.note("procedure")
      const caller = await callerOf(request, { isUnsafe: type === "mutation", isCounted })
      counted.add(caller)
      const result = await next({ ctx: { caller } })
      if (type !== "subscription" || !result.ok) return result
      const verifyAgain = () => {
        request.call.forget()
        return callerOf(request, { isUnsafe: false, isCounted: true })
      }
      return { ...result, data: watchSubscription(result.data, verifyAgain, signal) }
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
