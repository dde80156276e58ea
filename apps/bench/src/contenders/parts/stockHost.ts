import { serve } from "@hono/node-server"
import { appRouter, createContext, openSource, RequestState } from "@latchkey/api"
import type { Auth } from "@latchkey/auth"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import { Hono } from "hono"
import { port } from "./environment.ts"

/** Serves Latchkey's router with tRPC's stock fetch adapter on Hono, and nothing else. */
export function serveWithFetchAdapter(auth: Auth) {
  const app = new Hono()
  app.all("/trpc/*", (c) =>
    fetchRequestHandler({
      endpoint: "/trpc",
      req: c.req.raw,
      router: appRouter,
      createContext: ({ req }) =>
        createContext(openSource(auth), new RequestState({ headers: req.headers, peerAddress: "127.0.0.1" })),
    }),
  )
  serve({ fetch: app.fetch, port: port(), hostname: "127.0.0.1" })
}
