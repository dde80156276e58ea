import { z } from "zod"
import { AuthError } from "../errors.ts"
import type { Caller } from "./caller.ts"
import type { Scopes } from "./scopes.ts"

/**
 * The host's answer to what a caller may do now, whatever their credential allows.
 *
 * @param request the host's own request.
 */
export type ScopesOf = (caller: Caller, request: unknown) => readonly string[] | Promise<readonly string[]>

const answer = z.array(z.string())

/**
 * Limits callers to the declared scopes that the host grants them now. The host can't grant Latchkey's own scopes.
 *
 * @throws {AuthError} `UNAVAILABLE` if `scopesOf` fails or returns anything but a list, with the cause for the log.
 */
export function createNarrowScopes(
  scopesOf: ScopesOf,
  { declared }: Pick<Scopes, "declared">,
): (caller: Caller, request: unknown) => Promise<Caller> {
  async function ask(caller: Caller, request: unknown) {
    try {
      return answer.parse(await scopesOf(caller, request))
    } catch (cause) {
      throw new AuthError("UNAVAILABLE", "Authentication is temporarily unavailable; try again shortly.", {
        cause: new Error("scopesOf failed", { cause }),
      })
    }
  }

  return async (caller, request) => {
    const isOfProduct = (scope: string) => declared.includes(scope)
    if (!caller.scopes.some(isOfProduct)) return caller
    const granted = await ask(caller, request)
    return {
      ...caller,
      scopes: caller.scopes.filter((scope) => !isOfProduct(scope) || granted.includes(scope)),
    }
  }
}
