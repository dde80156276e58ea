import { AuthError, type Caller, requireScopes, unauthenticated } from "@latchkey/auth"
import { type Failure, failureOf, invalidInput } from "../failure.ts"
import type { App, AppContext } from "../http/app.ts"
import { localUrl } from "../http/localUrl.ts"
import { refuseMethod, respondEmpty, respondWithFailure } from "../http/respond.ts"
import { callerOf } from "../trpc/procedures.ts"
import { forwardAuthOperation, verdictHeaders } from "./forwardAuthOperation.ts"

/**
 * Serves forward authentication: a reverse proxy asks about a request by sending its headers here. This is not a
 * procedure, because its result is headers, which JSON clients have no use for.
 *
 * @param options.keysNeedScope whether keys are refused unless the proxy asks for a scope.
 */
export function mountForwardAuth(app: App, options: { keysNeedScope: boolean }) {
  const { path } = forwardAuthOperation
  app.get(path, (c) => {
    c.get("request").route = path
    return serve(c, options)
  })
  app.all(path, (c) => {
    c.get("request").route = path
    return refuseMethod(c, ["GET", "HEAD"])
  })
}

async function serve(c: AppContext, { keysNeedScope }: { keysNeedScope: boolean }): Promise<Response> {
  const { searchParams } = localUrl(c.req.url)
  const deniesBy403 = searchParams.getAll("deny").includes("403")
  try {
    const query = readQuery(searchParams)
    if ("failure" in query) return refuse(c, query.failure, { deniesBy403 })
    return respondEmpty(c, verdictHeaders(await verify(c, { ...query, keysNeedScope })))
  } catch (error) {
    return refuse(c, failureOf(error), { deniesBy403, error })
  }
}

/** @throws {AuthError} */
async function verify(
  c: AppContext,
  { scope, keysNeedScope }: { scope: readonly string[]; keysNeedScope: boolean },
): Promise<Caller> {
  const ctx = c.get("procedureContext")
  await ctx.latchkey.opening()
  const { scopes } = ctx.latchkey.auth
  if (!scope.every((one) => scopes.includes(one))) {
    throw new AuthError("INVALID_INPUT", "scope: asks for a scope that this server does not declare", {
      field: "scope",
    })
  }
  const caller = await callerOf(ctx)
  // Browsers send the host's cookie even with requests from other sites' pages, and the original request's method is
  // not known here.
  if (caller.via === "host") throw new AuthError("FORBIDDEN", "This needs an access token or an API key.")
  // A configured key, such as a gateway's or a script's, is valid only for Latchkey, and introspection reports it as
  // inactive.
  if (caller.via === "apiKey" && caller.isConfigured) throw unauthenticated()
  if (keysNeedScope && caller.via === "apiKey" && scope.length === 0) {
    throw new AuthError("FORBIDDEN", "API keys can't do this.")
  }
  requireScopes(caller, scope)
  return caller
}

function readQuery(query: URLSearchParams): { scope: readonly string[] } | { failure: Failure } {
  const names = [...query.keys()]
  if (!names.every((name) => name === "scope" || name === "deny")) {
    return { failure: invalidInput([{ path: [], message: "takes no parameters but scope and deny" }]) }
  }
  if (new Set(names).size !== names.length) {
    return {
      failure: invalidInput([{ path: [], message: "has a parameter twice; separate scopes with spaces" }]),
    }
  }
  if (query.has("deny") && query.get("deny") !== "403") {
    return { failure: invalidInput([{ path: ["deny"], message: "must be 403" }]) }
  }
  return { scope: query.get("scope")?.split(" ") ?? [] }
}

/**
 * Some proxies turn every refusal other than 401 and 403 into a 500, so they can ask for a 403 instead of all others.
 */
function refuse(
  c: AppContext,
  failure: Failure,
  { deniesBy403, error }: { deniesBy403: boolean; error?: unknown },
) {
  const { status, retryAfter = 1 } = failure
  if (!deniesBy403 || status === 401) return respondWithFailure(c, failure, { error })
  return respondWithFailure(c, failure, {
    error,
    status: 403,
    headers: {
      "Content-Type": "application/json",
      "X-Latchkey-Status": String(status),
      ...((status === 429 || status === 503) && { "Retry-After": String(retryAfter) }),
    },
  })
}
