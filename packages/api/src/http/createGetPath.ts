import { getPath } from "hono/utils/url"

/**
 * Creates the function that reads the path to route by from a request: the rest of the URL's path after `basePath`. It is
 * empty, which no route matches, for a URL that is not under `basePath`.
 */
export function createGetPath(basePath: string): (request: Request) => string {
  if (basePath === "") return getPath
  return (request) => {
    const path = getPath(request)
    if (path === basePath) return "/"
    return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : ""
  }
}
