import { serveStatic } from "@hono/node-server/serve-static"
import type { App, AppContext } from "./app.ts"

/**
 * What a page of ours may do: load from here, talk to here, and nothing else. No inline script or style, no
 * frame, no form that leaves.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "font-src", "connect-src"].map((kind) => `${kind} 'self'`),
  ...["base-uri", "form-action", "frame-ancestors"].map((kind) => `${kind} 'none'`),
  "require-trusted-types-for 'script'",
].join("; ")

/** Assets have a hash of their content in their name, so that a name never stands for something else. */
const FOR_EVER = "public, max-age=31536000, immutable"

/**
 * Serves the built dashboard: its assets, and its one page for every path that a browser asks for and the API does
 * not know. Whoever does not ask for HTML gets the API's own answer. Mounted last, so that it costs the API nothing.
 */
export function mountDashboard(app: App, folder: string): void {
  const asset = serveStatic({ root: folder, precompressed: true })
  const page = serveStatic({ root: folder, path: "index.html", precompressed: true })

  for (const [path, caching] of [
    ["/assets/*", FOR_EVER],
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

/** Gives the word back to us; the framework's own `next` would resolve to what is no response. */
async function notFound() {}

function wantsPage(c: AppContext) {
  return c.req.header("accept")?.includes("text/html") && !/^\/(assets|auth|trpc)(\/|$)/.test(c.req.path)
}
