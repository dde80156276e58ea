/**
 * Where tRPC answers. URLs are not repeated in errors: they can hold a password.
 *
 * @throws {TypeError} for a URL that is none of ours, or would carry credentials in the clear.
 */
export function readBaseUrl(baseUrl: string | URL, allowInsecureHttp: boolean): string {
  const url = parse(baseUrl)
  if (!url || !/^https?:$/.test(url.protocol)) throw new TypeError("baseUrl must be an http or https URL")
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError("baseUrl must have no user name, password, query or fragment")
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !allowInsecureHttp) {
    throw new TypeError("baseUrl must be https: over http anyone on the way can read the credential")
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}/trpc`
}

function parse(baseUrl: string | URL): URL | undefined {
  try {
    return new URL(baseUrl)
  } catch {
    return undefined
  }
}

/** This machine itself: RFC 6761, section 6.3, and the loopback addresses. `URL` has one spelling for each. */
const isLoopback = (host: string) => /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(host)
