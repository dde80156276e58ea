import { parse, serialize } from "hono/utils/cookie"
import type { RequestState } from "./requestState.ts"

const NAME = "__Host-latchkey"

/** 400 days: browsers keep no cookie for longer, and Hono refuses to write one (RFC 6265bis, section 5.5). */
const LONGEST_MAX_AGE = 34_560_000

/** The refresh token in a request's cookie. */
export const readSessionCookie = ({ headers }: RequestState): string | undefined =>
  parse(headers.get("cookie") ?? "", NAME)[NAME]

/** @param maxAge seconds for which the browser keeps the cookie; the server decides when the session ends. */
export function writeSessionCookie(request: RequestState, refreshToken: string, maxAge: number): void {
  request.setCookie = toHeader(refreshToken, Math.min(maxAge, LONGEST_MAX_AGE))
}

export function clearSessionCookie(request: RequestState): void {
  request.setCookie = toHeader("", 0)
}

/**
 * A `__Host-` cookie: for this host alone, over TLS (or to this machine itself), out of reach of scripts, and not sent
 * from other sites (RFC 6265bis, section 4.1.3.2).
 */
const toHeader = (value: string, maxAge: number) =>
  serialize(NAME, value, { path: "/", secure: true, httpOnly: true, sameSite: "Strict", maxAge })

/**
 * Whether a page of this server's own origin sends the request, according to the browser. Same origin and nothing
 * wider, because browsers send the cookie from other hosts of the same site as well. The scheme is not compared: a
 * proxy may end TLS in front of the server, and browsers send a `__Host-` cookie over TLS only.
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
 * Compares as URLs do: without regard to case, and to a port that is the default of the origin's scheme, which some
 * proxies write out. Only the web's own schemes have hosts that mean what `Host` does.
 */
function isOriginOf(host: string, origin: string): boolean {
  if (!/^https?:\/\//i.test(origin) || !/^[^\s/?#@\\]+$/.test(host) || !URL.canParse(origin)) return false
  const own = `${new URL(origin).protocol}//${host}`
  return URL.canParse(own) && new URL(own).origin === new URL(origin).origin
}
