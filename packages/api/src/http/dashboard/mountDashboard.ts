import type { PageSettings } from "@latchkey/contract"
import type { App, AppContext } from "../app.ts"
import { OUTSIDE } from "../createGetPath.ts"
import { respond } from "../respond.ts"
import { createDashboardFiles, encodedFor } from "./dashboardFiles.ts"
import { readDashboardPage } from "./dashboardPage.ts"

export interface Dashboard {
  /** The folder of the built dashboard. */
  folder: string
  settings: PageSettings
}

/** Asset names contain a hash of the content, so a name always means the same content. */
const IMMUTABLE = "public, max-age=31536000, immutable"

/**
 * Serves the built dashboard: its assets, and its single page for every path that a browser opens and the API does not
 * serve. Requests that do not accept HTML get the API's response. Mount it last, so that API requests never reach it.
 *
 * @param basePath the path of the URL under which the app is served, or "".
 */
export function mountDashboard(app: App, { folder, settings }: Dashboard, basePath: string): void {
  const findFile = createDashboardFiles(folder)
  const page = readDashboardPage(folder, settings, basePath)

  for (const [path, caching] of [
    ["/assets/*", IMMUTABLE],
    ["/favicon.svg", "no-cache"],
  ] as const) {
    app.get(path, (c, next) => {
      c.get("request").route = path
      const file = findFile(c.req.path)
      if (!file) return next()
      const { body, encoding } = encodedFor(c.req.header("accept-encoding"), file)
      return respond(c, 200, body, {
        "Content-Type": file.type,
        "Content-Length": String(body.byteLength),
        "cache-control": caching,
        ...(encoding && { "Content-Encoding": encoding }),
        ...(file.compressed.size > 0 && { Vary: "Accept-Encoding" }),
      })
    })
  }
  app.get("*", async (c, next) => {
    if (!wantsPage(c)) return next()
    c.get("request").route = "dashboard"
    return c.html(page.html, 200, {
      "Cache-Control": "no-cache",
      Vary: "Accept",
      "Content-Security-Policy": page.policy,
      "Referrer-Policy": "no-referrer",
    })
  })
}

function wantsPage({ req }: AppContext) {
  const isOthers = req.path === OUTSIDE || /^\/(assets|auth|oauth|trpc)(\/|$)/.test(req.path)
  return !isOthers && req.header("accept")?.includes("text/html")
}
