import { createServer, type Server } from "node:http"
import { serve } from "@hono/node-server"
import express from "express"
import { fastify } from "fastify"
import { Hono } from "hono"
import * as onExpress from "../../src/adapters/express.ts"
import * as onFastify from "../../src/adapters/fastify.ts"
import * as onHono from "../../src/adapters/hono.ts"
import * as onNext from "../../src/adapters/next.ts"
import * as onNode from "../../src/adapters/node.ts"
import type { Requirement as AnyRequirement, LatchkeyServer } from "../../src/types.ts"
import { ASKS, type Ask } from "./asks.ts"
import { type DECLARED, isDeclared } from "./expected.ts"

export type Latchkey = LatchkeyServer<(typeof DECLARED)[number]>
type Requirement = AnyRequirement<(typeof DECLARED)[number]>

export const requirementOf = ({ scopes }: Ask) =>
  scopes.length > 0 ? { scope: scopes as (typeof DECLARED)[number][] } : {}

/** The scopes that can be required: `guard` and `requires` throw for anything else. */
export const DECLARED_ASKS = ASKS.filter(({ scopes }) => scopes.every(isDeclared))

/** A product on each framework, with one guarded route for each list of scopes. */
export const frameworks = {
  async Express(latchkey: Latchkey) {
    const app = express()
    for (const ask of DECLARED_ASKS) {
      app.get(`/${ask.path}`, onExpress.guard(latchkey, requirementOf(ask)), (_, response) => {
        response.json(response.locals.caller)
      })
    }
    return createServer(app).listen(0, "127.0.0.1")
  },
  async Fastify(latchkey: Latchkey) {
    const app = fastify()
    for (const ask of DECLARED_ASKS) {
      const preHandler = onFastify.guard(latchkey, requirementOf(ask))
      app.get(`/${ask.path}`, { preHandler }, async ({ caller }) => caller)
    }
    await app.listen({ port: 0, host: "127.0.0.1" })
    return app.server
  },
  async Hono(latchkey: Latchkey) {
    const app = new Hono()
    for (const ask of DECLARED_ASKS) {
      app.get(`/${ask.path}`, onHono.guard(latchkey, requirementOf(ask)), (c) => c.json(c.var.caller))
    }
    return serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server
  },
  async Next(latchkey: Latchkey) {
    const routes = new Map(
      DECLARED_ASKS.map((ask) => [
        `/${ask.path}`,
        onNext.guard(latchkey, requirementOf(ask))((_, { caller }) => Response.json(caller)),
      ]),
    )
    return serve({
      fetch: async (request) => {
        const route = routes.get(new URL(request.url).pathname)
        return route ? route(request, {}) : new Response(null, { status: 404 })
      },
      port: 0,
      hostname: "127.0.0.1",
    }) as Server
  },
  async "node:http"(latchkey: Latchkey) {
    const routes = new Map(
      DECLARED_ASKS.map((ask) => [
        `/${ask.path}`,
        onNode.guard(
          latchkey,
          requirementOf(ask),
        )(({ caller }, response) => {
          response.end(JSON.stringify(caller))
        }),
      ]),
    )
    return createServer((request, response) => routes.get(request.url ?? "")?.(request, response)).listen(
      0,
      "127.0.0.1",
    )
  },
}

export type Framework = keyof typeof frameworks

export const FRAMEWORKS = Object.keys(frameworks) as Framework[]

export const GUARDS: Record<Framework, (latchkey: Latchkey, requirement: Requirement) => unknown> = {
  Express: onExpress.guard,
  Fastify: onFastify.guard,
  Hono: onHono.guard,
  Next: onNext.guard,
  "node:http": onNode.guard,
}
