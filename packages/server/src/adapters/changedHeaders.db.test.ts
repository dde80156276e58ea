import { createServer } from "node:http"
import express from "express"
import { fastify } from "fastify"
import { expect, inject, onTestFinished, test } from "vitest"
import { type Frameworks, listen } from "../../test/frameworks.ts"
import { startLatchkey } from "../../test/startLatchkey.ts"
import * as onExpress from "./express.ts"
import * as onFastify from "./fastify.ts"
import * as onNode from "./node.ts"

/** Products on frameworks, which replace a user's name that a client has sent by one that they know themselves. */
const products: Frameworks = {
  async express(latchkey) {
    const app = express()
    app.use((request, _, next) => {
      replaceUser(request.headers)
      next()
    })
    app.use("/latchkey", onExpress.latchkeyHandler(latchkey))
    app.get("/mine", onExpress.guard(latchkey), (_, response) => void response.json(response.locals.caller))
    return createServer(app).listen(0, "127.0.0.1")
  },
  async fastify(latchkey) {
    const app = fastify()
    app.addHook("onRequest", async ({ headers }) => replaceUser(headers))
    app.register(onFastify.latchkeyHandler(latchkey))
    app.get("/mine", { preHandler: onFastify.guard(latchkey) }, async ({ caller }) => caller)
    await app.listen({ port: 0, host: "127.0.0.1" })
    onTestFinished(() => app.close())
    return app.server
  },
  async "fastify's own headers"(latchkey) {
    const app = fastify()
    app.addHook("onRequest", async (request) => {
      request.headers = { user: userOf(request.headers) }
    })
    app.register(onFastify.latchkeyHandler(latchkey))
    app.get("/mine", { preHandler: onFastify.guard(latchkey) }, async ({ caller }) => caller)
    await app.listen({ port: 0, host: "127.0.0.1" })
    onTestFinished(() => app.close())
    return app.server
  },
  async node(latchkey) {
    const handle = onNode.latchkeyHandler(latchkey)
    const mine = onNode.guard(latchkey)(({ caller }, response) => response.end(JSON.stringify(caller)))
    return createServer((request, response) => {
      replaceUser(request.headers)
      return request.url?.startsWith("/latchkey/") ? handle(request, response) : mine(request, response)
    }).listen(0, "127.0.0.1")
  },
}

const userOf = ({ session }: Record<string, unknown>) => (session === "of ada" ? "ada" : "")

function replaceUser(headers: Record<string, unknown>) {
  delete headers.user
  const user = userOf(headers)
  if (user) headers.user = user
}

test.for(Object.entries(products))(
  "%s: Latchkey sees headers as the host has left them",
  async ([, start]) => {
    await using started = await startLatchkey(inject("postgresUrl"), {
      identify: (headers) => {
        const user = headers.get("user")
        return user ? { subject: user } : null
      },
    })
    const url = await listen(started.latchkey, start)
    const callers = (headers: Record<string, string>) =>
      Promise.all(
        ["/mine", "/latchkey/auth/me"].map(async (path) => (await fetch(url + path, { headers })).text()),
      )

    const refused = expect.stringContaining("UNAUTHENTICATED")
    const ada = expect.stringContaining('"ada"')
    expect(await callers({ user: "ada" })).toEqual([refused, refused])
    expect(await callers({ session: "of ada" })).toEqual([ada, ada])
    expect(await callers({ user: "eve", session: "of ada" })).toEqual([ada, ada])
  },
)
