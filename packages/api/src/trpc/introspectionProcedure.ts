import { type Authentication, type Caller, countCall, INTROSPECT, unauthenticated } from "@latchkey/auth"
import type { Introspection } from "@latchkey/contract"
import { introspect, introspection } from "@latchkey/contract/schemas"
import { asCaller, baseProcedure } from "./procedures.ts"

/**
 * For keys that may ask about credentials. The verdict on the credential begins together with the verdict on the
 * caller, so that both keys share a read. It is used only if the caller may ask. Nobody else can make it run a bcrypt
 * or count as a failure, and those without a credential not even cause a read.
 */
export const introspectionProcedure = baseProcedure
  .meta({ access: "key", scope: INTROSPECT, queue: "none", isAboutOthers: true })
  .use(async ({ ctx, getRawInput, next }) => {
    const { latchkey } = ctx
    const input = await getRawInput().catch(() => undefined)
    const { data } = introspect.safeParse(latchkey.request.hasCredential ? input : undefined)
    const mayCompare = latchkey.authenticate().then(({ caller }) => {
      if (!caller?.scopes.includes(INTROSPECT)) throw unauthenticated()
    })
    mayCompare.catch(() => {})
    const verdict =
      data &&
      latchkey.auth.introspect(data.token, {
        ...(data.address && { address: data.address, knownAddress: data.address }),
        requestId: latchkey.request.requestId,
        mayCompare,
      })
    verdict?.catch(() => {})
    const result = await next({ ctx: { verdict } })
    // Otherwise those who may not ask could cause reads faster than the database answers them, and all others wait.
    if (!result.ok) await verdict?.catch(() => {})
    return result
  })
  .use(asCaller)
  .input(introspect)
  .output(introspection)

/**
 * The answer to a question about a credential. A question about a key counts as one of its calls.
 *
 * @throws {AuthError} `RATE_LIMITED` for a key that has used up its limit.
 */
export function answer(authentication: Authentication | undefined): Introspection {
  if (!authentication?.caller) return { active: false }
  countCall(authentication, { rateLimit: null }, { of: "key" })
  return toIntrospection(authentication.caller)
}

/** The claims about a caller that others may know (RFC 7662, section 2.2). */
function toIntrospection(caller: Caller): Introspection {
  const { owner, actor, scopes, issuedAt, expiresAt } = caller
  const clientId = caller.via === "apiKey" ? caller.apiKeyId : clientOf(caller)
  return {
    active: true,
    iss: owner.issuer,
    sub: owner.subject,
    ...(actor !== undefined && { act: { sub: actor } }),
    ...(clientId !== undefined && { client_id: clientId }),
    scope: scopes.join(" "),
    token_type: caller.via === "apiKey" ? "api_key" : "access_token",
    ...(issuedAt && { iat: toSeconds(issuedAt) }),
    ...(expiresAt && { exp: toSeconds(expiresAt) }),
    ...(caller.via === "apiKey" && caller.metadata && { metadata: caller.metadata }),
  }
}

const clientOf = (caller: Caller) => ("clientId" in caller ? caller.clientId : undefined)

const toSeconds = (time: Date) => Math.floor(time.getTime() / 1000)
