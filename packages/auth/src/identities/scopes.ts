import { AuthError, insufficientScope } from "../errors.ts"
import type { Caller, Owner } from "./caller.ts"

/** Lets a key with scopes list its owner's keys. */
const LIST_KEYS = "latchkey:apikeys:read"
/** Lets a key ask about other credentials. */
export const INTROSPECT = "latchkey:introspect"
/** Lets a key manage the keys of owners of other issuers. */
export const MANAGE = "latchkey:manage"

const ADMINISTRATIVE: ReadonlySet<string> = new Set([INTROSPECT, MANAGE])

/** Whether a scope is for the product's own backends. */
export const isAdministrative = (scope: string) => ADMINISTRATIVE.has(scope)

/** The scopes that this product declares, and Latchkey's own. */
export interface Scopes {
  /** The product's scopes. */
  readonly declared: readonly string[]
  /** The declared scopes among those of a token; null stands for all. Unknown ones grant nothing. */
  expand(stored: readonly string[] | null): readonly string[]
  /**
   * The scopes that a key has now; null stands for all declared scopes, and for none of Latchkey's own.
   * Administrative scopes are valid only while the owner is an administrator.
   */
  ofKey(stored: readonly string[] | null, owner: Pick<Owner, "role">): readonly string[]
  /**
   * The scopes to store with a key that a caller creates; null for all declared ones, including any declared later.
   *
   * @param options.isAdministrator whether the caller may give administrative scopes.
   * @throws {AuthError} `INVALID_INPUT` for an undeclared scope, `INSUFFICIENT_SCOPE` for one that the caller lacks,
   *   `FORBIDDEN` for one that only administrators can give.
   */
  grant(
    caller: Pick<Caller, "scopes" | "isScoped">,
    requested: readonly string[] | null,
    options: { isAdministrator: boolean },
  ): readonly string[] | null
  /**
   * The scopes to store with a key that a caller lets replace another: the same, if the caller could give them.
   * Scopes that are no longer declared are kept, unless the caller is limited to some scopes.
   *
   * @throws {AuthError} as `grant`.
   */
  copy(
    caller: Pick<Caller, "scopes" | "isScoped">,
    stored: readonly string[] | null,
    options: { isAdministrator: boolean },
  ): readonly string[] | null
}

/**
 * @param declared unique scope tokens (RFC 6749, section 3.3), none of Latchkey's own.
 * @throws {TypeError} for anything else.
 */
export function createScopes(declared: readonly string[]): Scopes {
  if (!declared.every(isProductScope) || new Set(declared).size !== declared.length) {
    throw new TypeError(
      "scopes: expected different scopes of 1 to 100 visible ASCII characters without quotes, backslashes and commas, none of which begins with latchkey:",
    )
  }
  const all = Object.freeze([...declared])
  const known = new Set(all)
  const isGrantable = (scope: string) => known.has(scope) || scope === LIST_KEYS || isAdministrative(scope)

  const scopes: Scopes = {
    declared: all,
    expand: (stored) => (stored === null ? all : stored.filter((scope) => known.has(scope))),
    ofKey(stored, { role }) {
      if (stored === null) return all
      return stored.filter((scope) => isGrantable(scope) && (role === "admin" || !isAdministrative(scope)))
    },
    grant(caller, requested, { isAdministrator }) {
      if (requested === null) return caller.isScoped ? caller.scopes : null
      if (!requested.every(isGrantable)) {
        throw new AuthError("INVALID_INPUT", `scopes ${expected(all)}`, { field: "scopes" })
      }
      const ofProduct = requested.filter((scope) => known.has(scope))
      requireScopes(caller, ofProduct)
      // An administrator's token that is limited to some scopes can give none of these.
      if (requested.some(isAdministrative) && (!isAdministrator || caller.isScoped)) {
        throw new AuthError(
          "FORBIDDEN",
          `Only an administrator with an account here, or named in the configuration, can give a key ${[...ADMINISTRATIVE].join(" or ")}.`,
        )
      }
      return [...new Set(requested)]
    },
    copy(caller, stored, options) {
      if (caller.isScoped) requireScopes(caller, stored?.filter((scope) => !isOfLatchkey(scope)) ?? all)
      if (stored === null) return scopes.grant(caller, null, options)
      scopes.grant(
        caller,
        stored.filter((scope) => known.has(scope) || isOfLatchkey(scope)),
        options,
      )
      return stored
    },
  }
  return scopes
}

const expected = (declared: readonly string[]) => `must be of: ${[...declared, LIST_KEYS].join(", ")}`

/** Whether a scope is one of Latchkey's own, which products can't declare. */
export const isOfLatchkey = (scope: string) => scope.startsWith("latchkey:")

/** Whether a product can declare a scope (RFC 6749, section 3.3). */
export const isProductScope = (scope: string) =>
  /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,100}$/.test(scope) && !isOfLatchkey(scope)

/**
 * Checks that a caller has all of the required scopes. Only a key that is limited to a list of scopes needs one to list
 * keys.
 *
 * @throws {AuthError} `INSUFFICIENT_SCOPE`.
 */
export function requireScopes(
  caller: Pick<Caller, "scopes"> & Partial<Pick<Caller, "via" | "isScoped">>,
  required: readonly string[],
): void {
  const isLimitedKey = caller.via === "apiKey" && caller.isScoped === true
  const has = (scope: string) => caller.scopes.includes(scope) || (scope === LIST_KEYS && !isLimitedKey)
  if (!required.every(has)) throw insufficientScope(required)
}
