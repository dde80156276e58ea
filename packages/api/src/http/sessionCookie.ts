import type { SessionCookie } from "@latchkey/api"
import { generateCookie, getCookie } from "hono/cookie"
import type { AppContext } from "./requestState.ts"

const NAME = "latchkey"

/** 400 days: browsers keep no cookie for longer, and Hono refuses to write one (RFC 6265bis, section 5.5). */
const LONGEST_MAX_AGE = 34_560_000

/**
 * The browser's refresh token in a `__Host-` cookie: for this host alone, over TLS (or to this machine itself),
 * out of reach of scripts, and not sent along from other sites (RFC 6265bis, section 4.1.3.2).
 *
 * @param options.maxAge seconds that the browser keeps it; the server decides when the session ends.
 */
export function createSessionCookie(
  c: AppContext,
  { maxAge, send }: { maxAge: number; send: (setCookie: string) => void },
): SessionCookie {
  const read = () => getCookie(c, NAME, "host")
  const set = (value: string, age: number) =>
    send(
      generateCookie(NAME, value, {
        prefix: "host",
        path: "/",
        secure: true,
        httpOnly: true,
        sameSite: "Strict",
        maxAge: age,
      }),
    )
  return {
    // Functions, as getters made anew for every request cost V8 a hidden class each.
    isPresent: () => read() !== undefined,
    isOwnPage: () => isOwnPage(c),
    read,
    write: (refreshToken) => set(refreshToken, Math.min(maxAge, LONGEST_MAX_AGE)),
    clear: () => set("", 0),
  }
}

/**
 * Same origin and nothing wider: other hosts of the same site would have the cookie sent along. The scheme is not
 * compared, as a proxy may end TLS in front of us; a `__Host-` cookie comes over nothing else.
 */
function isOwnPage(c: AppContext): boolean {
  const origin = c.req.header("origin")
  const site = c.req.header("sec-fetch-site")
  return (
    origin !== undefined &&
    isOriginOf(c.req.header("host") ?? "", origin) &&
    (site === undefined || site === "same-origin")
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
