import { LatchkeyError } from "@latchkey/sdk"

/** Returns an owner token, or another access token. */
export type GetToken = (rejected?: string) => string | Promise<string>

/** Milliseconds; as long as a call may take. */
const TIMEOUT = 10_000

/**
 * Gets a token from the page's own function, which may never settle, throw anything, or return the error page of a proxy.
 *
 * @throws {LatchkeyError} `UNAUTHENTICATED` if the token is empty; otherwise, an error after which loading is retried.
 */
export async function askForToken(getToken: GetToken, rejected?: string): Promise<string> {
  const token: unknown = await settleInTime(getToken, rejected)
  if (!token || String(token).trim() === "") throw withoutToken()
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token.trim())) return token
  throw notSent("getToken returned something that is not a token", { reason: "NETWORK" })
}

/** Without a token, the page's cookie would identify the user, and perhaps another owner. */
export const withoutToken = (): LatchkeyError =>
  new LatchkeyError("getToken returned no token", { reason: "UNAUTHENTICATED" })

function settleInTime(getToken: GetToken, rejected: string | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(notSent("getToken took too long", { reason: "TIMEOUT" })), TIMEOUT)
    Promise.resolve(rejected)
      .then(getToken)
      .finally(() => clearTimeout(timer))
      .then(resolve, (cause: unknown) =>
        reject(
          cause instanceof LatchkeyError
            ? cause
            : notSent("getToken failed", { reason: "NETWORK" }, { cause }),
        ),
      )
  })
}

/** The call for which a token was needed was not sent. */
const notSent = (message: string, { reason }: { reason: "NETWORK" | "TIMEOUT" }, options?: ErrorOptions) =>
  new LatchkeyError(message, { reason, begun: false }, options)
