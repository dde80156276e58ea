import type { Requirement, Via } from "../types.ts"

export const VIA_NAMES: Record<Via, string> = {
  jwt: "an access token",
  apiKey: "an API key",
  host: "a signed-in user",
}

/** `scope` and `via` take one value or several. */
export const asList = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : ([value].flat() as T[])

/**
 * Checks a requirement against what has been declared.
 *
 * @throws {TypeError} for an undeclared scope and for an unknown `via`.
 */
export function checkDeclared({ scope, via }: Requirement, declared: readonly string[]): void {
  for (const one of asList(scope)) {
    if (!declared.includes(one)) throw new TypeError(`scope: "${one}" is not among the option scopes`)
  }
  for (const one of asList(via)) {
    if (!Object.hasOwn(VIA_NAMES, one)) throw new TypeError('via: expected "jwt", "apiKey" or "host"')
  }
}
