import { type Caller, INTROSPECT, unauthenticated } from "@latchkey/auth"
import type { Introspection } from "@latchkey/contract"
import { introspect, introspection } from "@latchkey/contract/schemas"
import { asCaller, baseProcedure } from "./procedures.ts"

/**
 * For keys that may ask about credentials. The verdict begins beside the verdict about the caller, so that both keys are
 * read at once, and is used only if the caller may ask. Nobody else can make it cost a bcrypt, or count as a failure.
 */
export const introspectionProcedure = baseProcedure
  .meta({ access: "key", scope: INTROSPECT, queue: "none" })
  .use(async ({ ctx, getRawInput, next }) => {
    const { data } = introspect.safeParse(await getRawInput().catch(() => undefined))
    const { latchkey } = ctx
    const mayCompare = latchkey.authenticate().then(({ caller }) => {
      if (!caller?.scopes.includes(INTROSPECT)) throw unauthenticated()
    })
    mayCompare.catch(() => {})
    const verdict =
      data &&
      latchkey.auth.introspect(data.token, { ...(data.address && { address: data.address }), mayCompare })
    verdict?.catch(() => {})
    return next({ ctx: { verdict } })
  })
  .use(asCaller)
  .input(introspect)
  .output(introspection)

/** What others may know about a caller (RFC 7662, section 2.2); null for a credential that is not valid. */
export function toIntrospection(caller: Caller | null): Introspection {
  if (!caller) return { active: false }
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
