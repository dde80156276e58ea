import { appRouter, describeError } from "@latchkey/api"
import { AuthError } from "@latchkey/auth"
import type { AppRouter } from "./appRouter.ts"
import { createEngine, type Engine } from "./engine/engine.ts"
import type { Internals } from "./engine/internals.ts"
import { toHandlerLogger } from "./engine/logger.ts"
import { protectedResourceOf } from "./engine/protectedResource.ts"
import { createHostContext, HostRequest } from "./host/hostRequest.ts"
import { readHeaders } from "./host/readHeaders.ts"
import { toPlainRequest } from "./host/toPlainRequest.ts"
import { createOpenApiParts } from "./openapi.ts"
import { type Settings, withPublicOrigin } from "./options/readOptions.ts"
import { createRequires } from "./trpc/requires.ts"
import type { LatchkeyServer } from "./types.ts"
import { checkDeclared } from "./verify/checkDeclared.ts"
import { toVerdict } from "./verify/toVerdict.ts"
import { createVerify, isUnsafeMethod } from "./verify/verify.ts"

/** Creates a server, with the parts behind it. Opens nothing. */
export function createServer(
  given: Settings,
  internals: Internals,
): { latchkey: LatchkeyServer; engine: Engine } {
  const settings = withPublicOrigin(given)
  const engine = createEngine(settings, internals)
  const { source } = engine
  const { scopes, allowedOrigins } = settings
  const protectedResource = protectedResourceOf(settings, internals.mountedAt)
  const log = toHandlerLogger(settings.logger)
  const verify = createVerify({
    onFailure: (error, requestId) =>
      log.error({ requestId, errors: [describeError(error)] }, "no verdict about a caller"),
    keysNeedScope: settings.keysNeedScope,
  })

  const latchkey: LatchkeyServer = {
    basePath: internals.mountedAt ?? "",
    scopes,
    async authenticate(headers, { address, isPeerAddress, method, request, ...requirement } = {}) {
      const hostRequest = new HostRequest(source, {
        headers: readHeaders(headers),
        address,
        isPeerAddress,
        method,
        request,
        allowedOrigins,
        protectedResource,
        refusal: refusalOf(() => checkDeclared(requirement, scopes)),
      })
      const outcome = await verify(hostRequest, requirement, {
        isUnsafe: isUnsafeMethod(method),
        isCounted: (apiKeyId) => hostRequest.counted.note("request", apiKeyId),
      })
      engine.afterResponse()
      return toVerdict(outcome, hostRequest.request)
    },
    async fetch(request, { address, isPeerAddress, request: hostRequest = request } = {}) {
      const response = await engine.app.fetch(toPlainRequest(request), {
        ...{ address, isPeerAddress, hostRequest },
      })
      engine.afterResponse()
      return response
    },
    requires: createRequires({ source, verify, scopes, onVerified: engine.afterResponse }),
    // Its type is written by hand, because the inferred one drags every schema along.
    router: appRouter as unknown as AppRouter,
    createContext: (from, { address } = {}) =>
      createHostContext(source, from, { address, allowedOrigins, protectedResource }),
    as(owner, options) {
      const open = async () => (await source.open()).as(owner, options).apiKeys
      return {
        apiKeys: {
          create: async (input) => (await open()).create(input),
          list: async (input) => (await open()).list(input),
          get: async (id) => (await open()).get(id),
          update: async (id, change) => (await open()).update(id, change),
          rotate: async (id, input) => (await open()).rotate(id, input),
          usage: async (id, input) => (await open()).usage(id, input),
          usageOfAll: async (input) => (await open()).usageOfAll(input),
          revoke: async (id) => (await open()).revoke(id),
        },
      }
    },
    migrate: engine.migrate,
    flush: engine.flush,
    close: engine.close,
    openapi: createOpenApiParts,
  }
  return { latchkey, engine }
}

/** The refusal, if a request asks for something that was not declared; otherwise undefined. */
function refusalOf(check: () => void): AuthError | undefined {
  try {
    check()
    return undefined
  } catch {
    return new AuthError("INVALID_INPUT", "scope or via: expected what the server has declared")
  }
}
