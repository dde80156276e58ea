import type { Introspection } from "@latchkey/contract"
import type { Credential } from "../credentials/credential.ts"
import { LatchkeyError } from "../latchkeyError.ts"
import type { Call } from "../transport/createCall.ts"
import { notOurs } from "../transport/fetchAnswer.ts"
import { shareRequests } from "../transport/shareRequests.ts"
import { checkTimeout, withDeadline } from "../transport/withDeadline.ts"
import type { Verification, Verify } from "./verification.ts"

const DEFAULT_TIMEOUT = 1_000

/** A batch of 20 longer credentials could exceed the server's limit for a body, and would then fail as a whole. */
const MAX_LENGTH_IN_BATCH = 1_000

/** More than any server accepts in a header. */
const MAX_LENGTH = 16_384

const INVALID: Verification = { active: false, reason: "INVALID" }

export function createVerify(call: Call, credential: Credential): Verify {
  const share = shareRequests<Introspection>()

  function introspect(token: string, address: string | undefined, timeout: number) {
    return share(JSON.stringify([token, address, timeout]), () =>
      call(
        "auth",
        "introspect",
        { token, ...(address !== undefined && { address }) },
        {
          kind: "mutation",
          credential,
          timeout,
          isRepeatable: true,
          isAlone: token.length > MAX_LENGTH_IN_BATCH,
        },
      ),
    )
  }

  return async (token, { onUnavailable, scope = [], address, timeout = DEFAULT_TIMEOUT }) => {
    if (onUnavailable !== "deny" && onUnavailable !== "throw") {
      throw new TypeError('onUnavailable must be "deny" or "throw"')
    }
    checkTimeout(timeout)
    if (!isPossible(token)) return { ...INVALID }
    try {
      const answer = await withDeadline({ timeout }, () => introspect(token, address, timeout))
      return toVerification(answer, [scope].flat())
    } catch (error) {
      if (isOfKey(error)) return { active: false, reason: "RATE_LIMITED" }
      if (onUnavailable === "throw" || !isUnavailable(error)) throw error
      return { ...INVALID }
    }
  }
}

/** Whether a header can hold it. Any other text can't be a credential, and need not be sent. */
const isPossible = (token: unknown): token is string =>
  typeof token === "string" && token.length <= MAX_LENGTH && /^[\x21-\x7e]+$/.test(token)

const isOfKey = (error: unknown) => error instanceof LatchkeyError && error.limit === "key"

/** Whether asking again may help. An error about the client's own credential or the input is not hidden. */
const isUnavailable = (error: unknown) =>
  error instanceof LatchkeyError && /^(NETWORK|TIMEOUT|UNAVAILABLE|RATE_LIMITED|INTERNAL)$/.test(error.reason)

/** @throws {LatchkeyError} `NETWORK` if the answer lacks what every verdict has. It then says nothing about the credential. */
function toVerification(answer: Introspection | undefined, required: readonly string[]): Verification {
  if (answer?.active === false) return { ...INVALID }
  if (
    answer?.active !== true ||
    [answer.iss, answer.sub, answer.scope].some((text) => typeof text !== "string")
  ) {
    throw notOurs({ status: 200 })
  }
  const { iss, sub, act, client_id, scope, token_type, exp, metadata } = answer
  const scopes = scope === "" ? [] : scope.split(" ")
  if (!required.every((one) => scopes.includes(one))) return { active: false, reason: "INSUFFICIENT_SCOPE" }
  return {
    active: true,
    subject: sub,
    issuer: iss,
    ...(act && { actor: act.sub }),
    apiKeyId: token_type === "api_key" && client_id !== undefined ? client_id : null,
    scopes,
    ...(metadata && { metadata: { ...metadata } }),
    expiresAt: exp === undefined ? null : new Date(exp * 1000),
  }
}
