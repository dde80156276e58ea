import { serve } from "@hono/node-server"
import { createLatchkeyServer } from "@latchkey/server"
import { latchkeyHandler } from "@latchkey/server/hono"
import { initTRPC } from "@trpc/server"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import { Hono } from "hono"
import { databaseUrl, port } from "./parts/environment.ts"

const latchkey = createLatchkeyServer({
  databaseUrl: databaseUrl(),
  secret: process.env.AUTH_SECRET,
  scopes: ["reports:read"],
})
const t = initTRPC.context<ReturnType<typeof latchkey.createContext>>().create()
const router = t.router({
  reports: t.router({
    list: t.procedure
      .concat(latchkey.requires({ scope: "reports:read" }))
      .query(({ ctx }) => [{ organization: ctx.caller.subject, title: "High water, week 47" }]),
  }),
})

/** A product's own procedure behind `requires`, hosted as in the example, without a query of its own. */
const app = new Hono()
app.all("/latchkey/*", latchkeyHandler(latchkey))
app.all("/trpc/*", (c) =>
  fetchRequestHandler({
    endpoint: "/trpc",
    req: c.req.raw,
    router,
    createContext: (options) => latchkey.createContext(options),
  }),
)
serve({ fetch: app.fetch, port: port(), hostname: "127.0.0.1" })
