/**
 * The URL of the tRPC endpoint. Errors don't quote the URL, since it can contain a password.
 *
 * @throws {TypeError} if the URL is invalid, or would send credentials in the clear.
 */
export function readBaseUrl(baseUrl: string | URL, allowInsecureHttp: boolean): string {
  const url = parse(baseUrl)
  if (!url || !/^https?:$/.test(url.protocol)) throw new TypeError("baseUrl must be an http or https URL")
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError("baseUrl must have no user name, password, query or fragment")
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !allowInsecureHttp) {
    throw new TypeError("baseUrl must be https: plain http exposes the credential on the network")
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

/** `localhost` (RFC 6761, section 6.3) and the loopback addresses, in the form to which `URL` normalizes them. */
const isLoopback = (host: string) => /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(host)
