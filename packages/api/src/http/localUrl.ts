/**
 * Parses a request's URL with `localhost` in place of the client's host. `URL` rejects some hosts, such as `1.2.3.4.5`,
 * and nothing here depends on the host.
 */
export const localUrl = (url: string): URL => new URL(`http://localhost${url.slice(url.indexOf("/", 8))}`)
