import { appRouter, type Failure } from "@latchkey/api"
import { getTRPCErrorShape, TRPCError, transformTRPCResponse } from "@trpc/server"
import type { AppContext } from "./exchange.ts"

/** A failure as the contract has it: in tRPC's form below `/trpc`, in REST's everywhere else. */
export function respondWithFailure(c: AppContext, failure: Failure, error?: unknown): Response {
  const { requestId, api, failures } = c.get("exchange")
  failures.push({ failure, error })
  if (isTrpc(c.req.path)) {
    const shape = getTRPCErrorShape({
      config: appRouter._def._config,
      error: new TRPCError({ code: failure.code, cause: error }),
      type: "unknown",
      path: undefined,
      input: undefined,
      ctx: api,
    })
    return c.json(transformTRPCResponse(appRouter._def._config, { error: shape }), failure.status)
  }
  return c.json(restError(failure, requestId), failure.status)
}

export const restError = ({ status: _, ...rest }: Failure, requestId: string) => ({ ...rest, requestId })

export const isTrpc = (path: string) => path === "/trpc" || path.startsWith("/trpc/")
