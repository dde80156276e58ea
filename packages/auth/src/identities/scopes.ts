import { AuthError, insufficientScope } from "../errors.ts"
import type { Caller } from "./caller.ts"

/** The scopes that this product declares. */
export interface Scopes {
  readonly declared: readonly string[]
  /** The declared scopes among those of a credential; null stands for all. Unknown ones grant nothing. */
  expand(stored: readonly string[] | null): readonly string[]
  /**
   * The scopes to store with a key that a caller creates; null for all, including any declared later.
   *
   * @throws {AuthError} `INVALID_INPUT` for an undeclared scope, `INSUFFICIENT_SCOPE` for one that the caller lacks.
   */
  grant(
    caller: Pick<Caller, "scopes" | "isScoped">,
    requested: readonly string[] | null,
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

  return {
    declared: all,
    expand: (stored) => (stored === null ? all : stored.filter((scope) => known.has(scope))),
    grant(caller, requested) {
      if (requested === null) return caller.isScoped ? caller.scopes : null
      if (!requested.every((scope) => known.has(scope))) {
        throw new AuthError("INVALID_INPUT", `scopes ${expected(all)}`, { field: "scopes" })
      }
      requireScopes(caller, requested)
      return [...new Set(requested)]
    },
  }
}

const expected = (declared: readonly string[]) =>
  declared.length === 0 ? "must be empty: there are none here" : `must be of: ${declared.join(", ")}`

const isProductScope = (scope: string) =>
  /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,100}$/.test(scope) && !scope.startsWith("latchkey:")

/**
 * Checks that a caller has all of the required scopes.
 *
 * @throws {AuthError} `INSUFFICIENT_SCOPE`.
 */
export function requireScopes({ scopes }: Pick<Caller, "scopes">, required: readonly string[]): void {
  if (!required.every((scope) => scopes.includes(scope))) throw insufficientScope(required)
}
