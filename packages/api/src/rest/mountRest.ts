import { type Failure, failure, failureOf } from "../failure.ts"
import type { App, AppContext } from "../http/app.ts"
import { readBasic } from "../http/basicCredential.ts"
import { refuseMethod, respond, respondEmpty, respondWithFailure } from "../http/respond.ts"
import { callProcedure } from "../trpc/callProcedure.ts"
import { readRestInput, refuseUndocumented } from "./readRestInput.ts"
import { type RestOperation, servedOperations } from "./restOperations.ts"

/**
 * Serves the router's procedures as plain REST, at the routes in their `meta.rest`.
 *
 * This does not use `trpc-to-openapi`, which responds 200 to every success, allows no `reason` in error bodies, ignores
 * the case of paths, and rebuilds the document for every request. It also turns on coercion in the schemas themselves, so
 * that after the first REST call tRPC accepts `"10"` as a number.
 */
export function mountRest(app: App, passwords: "on" | "off") {
  // Paths without parameters come first, because a path with parameters may match the same URL (OpenAPI 3.1, section
  // 4.8.8.2).
  const hasParams = ({ params }: RestOperation) => Number(params !== undefined)
  const operations = servedOperations(passwords).toSorted((a, b) => hasParams(a) - hasParams(b))
  for (const operation of operations) {
    app.on(operation.method, honoPath(operation.path), (c) => serve(c, operation))
  }
  for (const [path, samePath] of groupByPath(operations)) {
    const methods = samePath.map(({ method }) => method)
    app.all(honoPath(path), (c) => {
      c.get("request").route = path
      return refuseMethod(c, [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])])
    })
  }
}

async function serve(c: AppContext, operation: RestOperation): Promise<Response> {
  const request = c.get("request")
  request.route = operation.path
  if (operation.oauth) request.basic = readBasic(request.headers)
  const result = await readRestInput(c.req, operation)
  if ("failure" in result) return respondWithFailure(c, result.failure)
  try {
    const data = await callProcedure(operation.procedure, {
      kind: operation.kind,
      ctx: c.get("procedureContext"),
      getRawInput: async () => refuseUndocumented(operation, result.input),
    })
    const { status } = operation
    if (status === 202 || status === 204) return respondEmpty(c, {}, status)
    return respond(c, status, JSON.stringify(data))
  } catch (error) {
    const failed = failureOf(error)
    return respondWithFailure(c, operation.oauth ? asRefusedClient(failed) : failed, { error })
  }
}

/** A client that may not ask gets 401, like an unknown client (RFC 7662, section 2.3). */
const asRefusedClient = (failed: Failure): Failure =>
  failed.status === 403
    ? { ...failure("UNAUTHENTICATED", failed.message), ...(failed.scope && { scope: failed.scope }) }
    : failed

const honoPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ":$1")

function groupByPath(operations: readonly RestOperation[]) {
  const groups = new Map<string, RestOperation[]>()
  for (const operation of operations) {
    groups.set(operation.path, [...(groups.get(operation.path) ?? []), operation])
  }
  return groups
}
