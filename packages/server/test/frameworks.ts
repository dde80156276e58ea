import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { serve } from "@hono/node-server"
import express from "express"
import { fastify } from "fastify"
import { Hono } from "hono"
import { onTestFinished } from "vitest"
import * as onExpress from "../src/adapters/express.ts"
import * as onFastify from "../src/adapters/fastify.ts"
import * as onHono from "../src/adapters/hono.ts"
import * as onNext from "../src/adapters/next.ts"
import * as onNode from "../src/adapters/node.ts"
import type { LatchkeyServer } from "../src/types.ts"
import type { TestScope } from "./startLatchkey.ts"

export type Latchkey = LatchkeyServer<TestScope>
export type Frameworks = Record<string, (latchkey: Latchkey) => Promise<Server>>

/** A product on each framework, with Latchkey at /latchkey and one guarded route. */
export const frameworks: Frameworks = {
  async express(latchkey) {
    const app = express()
    app.use("/latchkey", onExpress.latchkeyHandler(latchkey))
    app.get("/mine", onExpress.guard(latchkey, { via: "apiKey" }), (_, response) => {
      response.json({ subject: response.locals.caller.subject })
    })
    return createServer(app).listen(0, "127.0.0.1")
  },
  async "express with a body parser"(latchkey) {
    const app = express()
    app.use(express.json())
    app.use("/latchkey", onExpress.latchkeyHandler(latchkey))
    app.get("/mine", onExpress.guard(latchkey, { via: "apiKey" }), (_, response) => {
      response.json({ subject: response.locals.caller.subject })
    })
    return createServer(app).listen(0, "127.0.0.1")
  },
  async fastify(latchkey) {
    const app = fastify()
    app.register(onFastify.latchkeyHandler(latchkey))
    app.get("/mine", { preHandler: onFastify.guard(latchkey, { via: "apiKey" }) }, async ({ caller }) => ({
      subject: caller.subject,
    }))
    await app.listen({ port: 0, host: "127.0.0.1" })
    onTestFinished(() => app.close())
    return app.server
  },
  async hono(latchkey) {
    const app = new Hono()
    app.all("/latchkey/*", onHono.latchkeyHandler(latchkey))
    app.get("/mine", onHono.guard(latchkey, { via: "apiKey" }), (c) =>
      c.json({ subject: c.var.caller.subject }),
    )
    return serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server
  },
  async "hono with a body that was read"(latchkey) {
    const app = new Hono()
    app.post("*", async (c, next) => {
      await c.req.text()
      await next()
    })
    app.all("/latchkey/*", onHono.latchkeyHandler(latchkey))
    app.get("/mine", onHono.guard(latchkey, { via: "apiKey" }), (c) =>
      c.json({ subject: c.var.caller.subject }),
    )
    return serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server
  },
  async node(latchkey) {
    const handle = onNode.latchkeyHandler(latchkey)
    const mine = onNode.guard(latchkey, { via: "apiKey" })(({ caller }, response) => {
      response.setHeader("content-type", "application/json")
      response.end(JSON.stringify({ subject: caller.subject }))
    })
    return createServer((request, response) =>
      request.url?.startsWith("/latchkey/") ? handle(request, response) : mine(request, response),
    ).listen(0, "127.0.0.1")
  },
  /** Next calls its route handlers with a `Request`, as here. `next.e2e.test.ts` runs Next itself. */
  async "next's route handlers"(latchkey) {
    const handlers = onNext.latchkeyHandler(latchkey)
    const mine = onNext.guard(latchkey, { via: "apiKey" })((_, { caller }) =>
      Response.json({ subject: caller.subject }),
    )
    return serve({
      fetch: (request) =>
        new URL(request.url).pathname.startsWith("/latchkey/")
          ? handlers[request.method as "GET"](request)
          : mine(request, { params: Promise.resolve({}) }),
      port: 0,
      hostname: "127.0.0.1",
    }) as Server
  },
}

/** Starts a product on a framework for the current test, and returns its URL. */
export async function listen(latchkey: Latchkey, start: Frameworks[string]) {
  const server = await start(latchkey)
  if (!server.listening) await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
