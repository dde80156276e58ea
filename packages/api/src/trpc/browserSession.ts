import { AuthError, type SignedIn, unauthenticated } from "@latchkey/auth"
import type { RequestState } from "../http/requestState.ts"
import { isFromOwnPage, readSessionCookie, writeSessionCookie } from "../http/sessionCookie.ts"
import type { Latchkey } from "./context.ts"

/**
 * Signs in or refreshes, and puts the refresh token into the cookie instead of the response.
 *
 * @throws {AuthError} `FORBIDDEN` for pages of other origins, before anything happens.
 */
export async function withSessionCookie(
  { request, auth }: Latchkey,
  signIn: () => Promise<SignedIn>,
): Promise<Omit<SignedIn, "refreshToken">> {
  requireOwnPage(request)
  const { refreshToken, ...signedIn } = await signIn()
  writeSessionCookie(request, refreshToken, auth.refreshTokenTtl)
  return signedIn
}

/**
 * Opens a session with its refresh token in the cookie. Ends the browser's previous session, because its cookie is
 * replaced and the user could no longer sign out of it (ASVS 5.0, 7.2.4).
 *
 * @throws {AuthError} `FORBIDDEN` for pages of other origins, before anything happens.
 */
export async function withNewSessionCookie(
  latchkey: Latchkey,
  signIn: () => Promise<SignedIn>,
): Promise<Omit<SignedIn, "refreshToken">> {
  const { request, auth } = latchkey
  const refreshToken = readSessionCookie(request)
  const signedIn = await withSessionCookie(latchkey, signIn)
  if (refreshToken !== undefined) await auth.accounts.endReplaced({ refreshToken }, request)
  return signedIn
}

/**
 * The refresh token from the session cookie.
 *
 * @throws {AuthError} `UNAUTHENTICATED` without a cookie, `FORBIDDEN` for pages of other origins.
 */
export function requireSessionCookie(request: RequestState): string {
  const refreshToken = readSessionCookie(request)
  if (refreshToken === undefined) throw unauthenticated()
  requireOwnPage(request)
  return refreshToken
}

function requireOwnPage(request: RequestState) {
  if (!request.setsCookies) {
    throw new AuthError("FORBIDDEN", "Session cookies are only for calls to Latchkey's own paths.")
  }
  if (!isFromOwnPage(request)) {
    throw new AuthError("FORBIDDEN", "Session cookies are only for pages of this server's own origin.")
  }
}
