import { getPath } from "hono/utils/url"

/** The path of requests that are not for this app. No URL has this path, because URLs contain no NUL. */
export const OUTSIDE = "/\u0000"

/**
 * Creates the function that reads the path to route by from a request: the rest of the URL's path after `basePath`, or
 * `OUTSIDE`.
 */
export function createGetPath(basePath: string): (request: Request) => string {
  if (basePath === "") return getPath
  return (request) => {
    const path = getPath(request)
    if (path === basePath) return "/"
    return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : OUTSIDE
  }
}
