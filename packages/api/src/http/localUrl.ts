/**
 * A request's URL, with a host of our own in place of the client's. That may be one that `URL` refuses, such as
 * `1.2.3.4.5`, and nothing here depends on it.
 */
export const localUrl = (url: string): URL => new URL(`http://localhost${url.slice(url.indexOf("/", 8))}`)
