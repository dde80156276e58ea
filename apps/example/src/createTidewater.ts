import { fileURLToPath } from "node:url"
import { serveStatic } from "@hono/node-server/serve-static"
import { latchkeyHandler } from "@latchkey/server/hono"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import { Hono } from "hono"
import type { OpenDatabase } from "./db/openDatabase.ts"
import type { TidewaterLatchkey } from "./latchkey.ts"
import { settingsPage } from "./pages/settingsPage.ts"
import { signInPage } from "./pages/signInPage.ts"
import { createRouter } from "./router.ts"
import { expiredSignInCookie, readSignInCookie, signInCookie } from "./signInCookie.ts"
import type { SignIns } from "./signIns.ts"

/** Files that pages load, by the beginning of their path. */
const FILES = { "/assets": "../public", "/build": "../dist" }

/** Pages have no inline scripts or styles, and load nothing from elsewhere. */
const PAGE_POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "connect-src", "form-action"].map((kind) => `${kind} 'self'`),
  "img-src data:",
  ...["base-uri", "frame-ancestors"].map((kind) => `${kind} 'none'`),
].join("; ")

/** The product as an HTTP app: its pages, its tRPC API, and Latchkey under `/latchkey`. */
export function createTidewater(
  { db }: Pick<OpenDatabase, "db">,
  signIns: SignIns,
  latchkey: TidewaterLatchkey,
) {
  const app = new Hono()
  const router = createRouter(db, latchkey)

  app.all("/latchkey/*", latchkeyHandler(latchkey))
  app.all("/trpc/*", (c) =>
    fetchRequestHandler({
      endpoint: "/trpc",
      req: c.req.raw,
      router,
      createContext: (options) => latchkey.createContext(options),
    }),
  )

  app.use("/", async (c, next) => {
    c.header("Content-Security-Policy", PAGE_POLICY)
    await next()
  })
  app.get("/", async (c) => {
    const token = readSignInCookie(c.req.raw.headers)
    const member = token === undefined ? null : await signIns.find(token)
    return member ? c.html(settingsPage(member)) : c.html(signInPage())
  })
  app.post("/sign-in", async (c) => {
    const { email, password } = await c.req.parseBody()
    const token =
      typeof email === "string" && typeof password === "string"
        ? await signIns.signIn({ email, password })
        : null
    if (token === null) return c.html(signInPage({ hasFailed: true }), 401)
    c.header("Set-Cookie", signInCookie(token))
    return c.redirect("/", 303)
  })
  app.post("/sign-out", async (c) => {
    const token = readSignInCookie(c.req.raw.headers)
    if (token !== undefined) await signIns.signOut(token)
    c.header("Set-Cookie", expiredSignInCookie())
    return c.redirect("/", 303)
  })
  for (const [path, folder] of Object.entries(FILES)) {
    const root = fileURLToPath(new URL(folder, import.meta.url))
    app.get(`${path}/*`, serveStatic({ root, rewriteRequestPath: (file) => file.slice(path.length) }))
  }
  return app
}
