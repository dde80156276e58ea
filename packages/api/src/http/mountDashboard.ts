import { readFileSync } from "node:fs"
import { join } from "node:path"
import { serveStatic } from "@hono/node-server/serve-static"
import type { App, AppContext, AppEnv } from "./app.ts"
import { OUTSIDE } from "./createGetPath.ts"

/**
 * The dashboard may load from and connect to its own origin only: no inline scripts or styles, no frames, no form
 * submissions.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "font-src", "connect-src"].map((kind) => `${kind} 'self'`),
  ...["base-uri", "form-action", "frame-ancestors"].map((kind) => `${kind} 'none'`),
  "require-trusted-types-for 'script'",
].join("; ")

/** Asset names contain a hash of the content, so a name always means the same content. */
const IMMUTABLE = "public, max-age=31536000, immutable"

/**
 * Serves the built dashboard: its assets, and its single page for every path that a browser opens and the API does not
 * serve. Requests that do not accept HTML get the API's response. Mount it last, so that API requests never reach it.
 *
 * @param basePath the path of the URL under which the app is served, or "".
 */
export function mountDashboard(app: App, folder: string, basePath: string): void {
  const asset = serveStatic({ root: folder, precompressed: true })
  const page =
    basePath === ""
      ? serveStatic<AppEnv>({ root: folder, path: "index.html", precompressed: true })
      : servePage(folder, basePath)

  for (const [path, caching] of [
    ["/assets/*", IMMUTABLE],
    ["/favicon.svg", "no-cache"],
  ] as const) {
    app.get(path, async (c, next) => {
      c.get("request").route = path
      const response = await asset(c, notFound)
      if (!response) return next()
      response.headers.set("Cache-Control", caching)
      return response
    })
  }
  app.get("*", async (c, next) => {
    if (!wantsPage(c)) return next()
    c.get("request").route = "dashboard"
    const response = await page(c, notFound)
    if (!response) return next()
    response.headers.set("Cache-Control", "no-cache")
    response.headers.append("Vary", "Accept")
    response.headers.set("Content-Security-Policy", PAGE_POLICY)
    response.headers.set("Referrer-Policy", "no-referrer")
    return response
  })
}

/** The page as built refers to its files by absolute paths. All other files refer to each other by relative ones. */
function servePage(folder: string, basePath: string) {
  const html = readFileSync(join(folder, "index.html"), "utf8").replaceAll(
    /(src|href)="\//g,
    `$1="${basePath}/`,
  )
  return async (c: AppContext, _: () => Promise<void>) => c.html(html)
}

/** Makes `serveStatic` resolve to undefined for a missing file, so that the handlers above decide what follows. */
async function notFound() {}

function wantsPage({ req }: AppContext) {
  const isOthers = req.path === OUTSIDE || /^\/(assets|auth|oauth|trpc)(\/|$)/.test(req.path)
  return !isOthers && req.header("accept")?.includes("text/html")
}
