import { type Accounts, AuthError, type SignedIn, type Source, unauthenticated } from "@latchkey/auth"

/**
 * The cookie that holds a browser's refresh token, out of reach of the page's scripts. It opens nothing but
 * `auth.refresh` and `auth.logout`; whoever serves the API supplies it.
 */
export interface SessionCookie {
  isPresent(): boolean
  /** Whether a page of this very server sends the request, by the browser's word. */
  isOwnPage(): boolean
  read(): string | undefined
  write(refreshToken: string): void
  clear(): void
}

export const noSessionCookie: SessionCookie = {
  isPresent: () => false,
  isOwnPage: () => false,
  read: () => undefined,
  write() {},
  clear() {},
}

interface WithCookie {
  sessionCookie: SessionCookie
}

/**
 * Signs in, or goes on, with the refresh token in the cookie and not in the answer.
 *
 * @throws {AuthError} `FORBIDDEN` before anything is done, for a page of another origin.
 */
export async function browserSession(
  { sessionCookie }: WithCookie,
  signIn: () => Promise<SignedIn>,
): Promise<Omit<SignedIn, "refreshToken">> {
  requireOwnPage(sessionCookie)
  const { refreshToken, ...signedIn } = await signIn()
  sessionCookie.write(refreshToken)
  return signedIn
}

/**
 * Signs in anew, with the refresh token in the cookie. The session that the browser had until then ends: its cookie
 * is gone, and nobody could end it by signing out (ASVS 5.0, 7.2.4).
 *
 * @throws {AuthError} `FORBIDDEN` before anything is done, for a page of another origin.
 */
export async function newBrowserSession(
  ctx: WithCookie & { accounts: Pick<Accounts, "endReplaced">; source(): Source },
  signIn: () => Promise<SignedIn>,
): Promise<Omit<SignedIn, "refreshToken">> {
  const refreshToken = ctx.sessionCookie.read()
  const signedIn = await browserSession(ctx, signIn)
  if (refreshToken !== undefined) await ctx.accounts.endReplaced({ refreshToken }, ctx.source())
  return signedIn
}

/**
 * The refresh token of the cookie.
 *
 * @throws {AuthError} `UNAUTHENTICATED` without one, `FORBIDDEN` for a page of another origin.
 */
export function takeBrowserToken({ sessionCookie }: WithCookie): string {
  const refreshToken = sessionCookie.read()
  if (refreshToken === undefined) throw unauthenticated()
  requireOwnPage(sessionCookie)
  return refreshToken
}

function requireOwnPage(sessionCookie: SessionCookie) {
  if (!sessionCookie.isOwnPage()) {
    throw new AuthError("FORBIDDEN", "Sessions in a cookie are for pages of this server's own origin.")
  }
}
