import { parse, serialize } from "hono/utils/cookie"
import type { RequestState } from "./requestState.ts"

const NAME = "__Host-latchkey"

/** 400 days, the most that browsers allow (RFC 6265bis, section 5.5). Hono throws for longer ones. */
const LONGEST_MAX_AGE = 34_560_000

/** The refresh token in the request's session cookie, if any. */
export const readSessionCookie = ({ headers }: RequestState): string | undefined =>
  parse(headers.get("cookie") ?? "", NAME)[NAME]

/**
 * Sets the session cookie.
 *
 * @param maxAge seconds that the browser keeps the cookie, capped at 400 days. The server decides when the session ends.
 */
export function writeSessionCookie(request: RequestState, refreshToken: string, maxAge: number): void {
  request.setCookie = toHeader(refreshToken, Math.min(maxAge, LONGEST_MAX_AGE))
}

/** Makes the browser delete the session cookie. */
export function clearSessionCookie(request: RequestState): void {
  request.setCookie = toHeader("", 0)
}

/**
 * A `__Host-` cookie: sent only to this host, only over TLS (or to localhost), not from other sites, and hidden from
 * scripts (RFC 6265bis, section 4.1.3.2).
 */
const toHeader = (value: string, maxAge: number) =>
  serialize(NAME, value, { path: "/", secure: true, httpOnly: true, sameSite: "Strict", maxAge })

/**
 * Whether the browser says that a page of this server's own origin sent the request. Same-site is not enough, because
 * browsers also send the cookie for pages on other hosts of the same site. The scheme is not compared: a proxy may
 * terminate TLS, and browsers send a `__Host-` cookie only over TLS.
 */
export function isFromOwnPage({ headers }: RequestState): boolean {
  const origin = headers.get("origin")
  const site = headers.get("sec-fetch-site")
  return (
    origin !== null &&
    isOriginOf(headers.get("host") ?? "", origin) &&
    (site === null || site === "same-origin")
  )
}

/**
 * Whether a page of this server's own origin, or of one that the host allows, sent the request. The host identifies its
 * users by a cookie, which browsers also send for pages of other sites.
 */
const isFromAllowedPage = (request: RequestState): boolean =>
  isFromOwnPage(request) || request.allowedOrigins.includes(request.headers.get("origin") ?? "")

/**
 * Whether to answer a call whose caller is identified by the host's own credentials. A change needs a proof that an
 * allowed page sent it. So does every call on a WebSocket that a page has opened, because CORS does not hide the
 * answers there from other sites.
 */
export function mayAnswerHost(request: RequestState, { isChange }: { isChange: boolean }): boolean {
  const isOpenToPages = request.isLongLived && request.headers.get("origin") !== null
  return !(isChange || isOpenToPages) || isFromAllowedPage(request)
}

/**
 * Compares like URLs: ignores case, and the default port of the origin's scheme, which some proxies add. Only http and
 * https origins have a host that is comparable to `Host`.
 */
function isOriginOf(host: string, origin: string): boolean {
  if (!/^https?:\/\//i.test(origin) || !/^[^\s/?#@\\]+$/.test(host) || !URL.canParse(origin)) return false
  const own = `${new URL(origin).protocol}//${host}`
  return URL.canParse(own) && new URL(own).origin === new URL(origin).origin
}
