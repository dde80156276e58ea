import { failureOf } from "../failure.ts"
import type { App, AppContext } from "../http/app.ts"
import { refuseMethod, respond, respondEmpty, respondWithFailure } from "../http/respond.ts"
import { callProcedure } from "../trpc/callProcedure.ts"
import { describedInput, readRestInput } from "./readRestInput.ts"
import { type RestOperation, restOperations } from "./restOperations.ts"

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
      c.get("request").route = path
      return refuseMethod(c, [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])])
    })
  }
}

async function serve(c: AppContext, operation: RestOperation): Promise<Response> {
  c.get("request").route = operation.path
  const read = await readRestInput(c.req, operation)
  if ("failure" in read) return respondWithFailure(c, read.failure)
  try {
    const data = await callProcedure(operation.procedure, {
      kind: operation.kind,
      ctx: c.get("procedureContext"),
      getRawInput: async () => describedInput(operation, read.input),
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
