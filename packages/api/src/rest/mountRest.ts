import { appRouter, failureOf, type RestOperation, restOperations } from "@latchkey/api"
import { callTRPCProcedure } from "@trpc/server"
import type { App, AppContext } from "../http/requestState.ts"
import { describedInput, readRestInput } from "./readRestInput.ts"
import { refuseMethod, respond, respondEmpty, respondWithFailure } from "../http/respond.ts"

/**
 * The router's procedures as plain REST, each at the place its `meta.rest` names.
 *
 * Not through `trpc-to-openapi`: it answers every success with 200 and lets no body say `reason`; it turns coercion
 * on in the very schemas that tRPC uses, so that after the first REST call `"10"` passes for a number there as well;
 * it makes the whole document anew for every request, and it matches paths without regard to case.
 */
export function mountRest(app: App) {
  for (const operation of restOperations) {
    app.on(operation.method, honoPath(operation.path), (c) => serve(c, operation))
  }
  for (const [path, operations] of groupByPath(restOperations)) {
    const methods = operations.map(({ method }) => method)
    app.all(honoPath(path), (c) => {
      c.get("exchange").route = path
      return refuseMethod(c, [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])])
    })
  }
}

async function serve(c: AppContext, operation: RestOperation): Promise<Response> {
  const { api } = c.get("exchange")
  c.get("exchange").route = operation.path
  const read = await readRestInput(c.req, operation)
  if ("failure" in read) return respondWithFailure(c, read.failure)
  try {
    const data: unknown = await callTRPCProcedure({
      router: appRouter,
      path: operation.procedure,
      type: operation.kind,
      getRawInput: async () => describedInput(operation, read.input),
      ctx: api,
      signal: c.req.raw.signal,
      batchIndex: 0,
    })
    return operation.status === 204 ? respondEmpty(c) : respond(c, operation.status, JSON.stringify(data))
  } catch (error) {
    return respondWithFailure(c, failureOf(error), { error })
  }
}

const honoPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ":$1")

function groupByPath(operations: readonly RestOperation[]) {
  const groups = new Map<string, RestOperation[]>()
  for (const operation of operations) {
    groups.set(operation.path, [...(groups.get(operation.path) ?? []), operation])
  }
  return groups
}
