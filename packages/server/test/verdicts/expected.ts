/** The state of a credential, and what its owner may do with it now. */
export type Standing =
  | { is: "nobody" | "ambiguous" | "invalid" }
  | {
      is: "valid"
      via: "jwt" | "apiKey" | "host"
      scopes: readonly string[]
      /** Whether a key was created with a list of scopes. */
      isScoped?: boolean
      /** Whether a key is part of the server's configuration. */
      isConfigured?: boolean
    }

export type Word = "accepted" | "unauthenticated" | "insufficient scope" | "forbidden" | "bad request"

/** The scopes that the product declares. */
export const DECLARED = ["reports:read", "reports:write"] as const

/** Scopes of Latchkey itself, which its own procedures need. */
export const OF_LATCHKEY = ["latchkey:apikeys:read", "latchkey:introspect", "latchkey:manage"] as const

export const isDeclared = (scope: string) => (DECLARED as readonly string[]).includes(scope)

const KNOWN: readonly string[] = [...DECLARED, ...OF_LATCHKEY]

/** The verdict on a caller for these scopes, whichever door asks. */
export function expectedVerdict(standing: Standing, asked: readonly string[]): Word {
  if (!asked.every((scope) => KNOWN.includes(scope))) return "bad request"
  if (standing.is === "ambiguous") return "bad request"
  if (standing.is !== "valid") return "unauthenticated"
  const { via, scopes, isScoped = false } = standing
  if (asked.includes("latchkey:manage") && via !== "apiKey") return "forbidden"
  // Only a key with a list of scopes needs a scope to list keys.
  const listsAnyway = via !== "apiKey" || !isScoped
  const has = (scope: string) => scopes.includes(scope) || (scope === "latchkey:apikeys:read" && listsAnyway)
  return asked.every(has) ? "accepted" : "insufficient scope"
}

/**
 * The kinds of doors. `own`: one of Latchkey's own procedures. `product`: a product's routes and procedures behind
 * Latchkey. `proxy`: what is behind a reverse proxy. `token`: a credential that somebody else presents, to compare
 * its scopes with.
 */
export type DoorKind = "own" | "product" | "proxy" | "token"

export interface Difference {
  verdict: Word
  why: string
}

const UNDECLARED = "you can ask only for scopes that you have declared; others get 400."
const COMPARED =
  "the answer lists all scopes of a credential, and the service that asks compares them; nobody has an undeclared scope."
const HOST_USER = "users who are signed in only by your own cookie get 403, because the method is not known."
const CONFIGURED = "a configured key gets 401, because it belongs to nobody."

/** The verdict and the reason, if the contract has another one for this kind of door; otherwise null. */
export function differenceAt(
  kind: DoorKind,
  standing: Standing,
  asked: readonly string[],
): Difference | null {
  if (kind === "own") return null
  const isValid = standing.is === "valid"
  const isOfProduct = asked.every(isDeclared)
  if (kind !== "token" && !isOfProduct) return { verdict: "bad request", why: UNDECLARED }
  // Only the standalone server has such keys, and it has no products inside.
  if (kind !== "product" && isValid && standing.isConfigured)
    return { verdict: "unauthenticated", why: CONFIGURED }
  if (kind === "token" && !isOfProduct) {
    const has = isValid && asked.every((scope) => standing.scopes.includes(scope))
    const lacks = isValid ? "insufficient scope" : "unauthenticated"
    return { verdict: has ? "accepted" : lacks, why: COMPARED }
  }
  if (kind === "proxy" && isValid && standing.via === "host") return { verdict: "forbidden", why: HOST_USER }
  return null
}
