import { once } from "node:events"
import { createServer, request as httpRequest, type IncomingMessage } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { initTRPC } from "@trpc/server"
import express from "express"
import { fastify } from "fastify"
import { Hono } from "hono"
import { expect, inject, onTestFinished, test } from "vitest"
import { type Frameworks, frameworks, listen } from "../../test/frameworks.ts"
import { newKey, rest, startLatchkey } from "../../test/startLatchkey.ts"
import type { LatchkeyContext } from "../types.ts"
import * as onExpress from "./express.ts"
import * as onFastify from "./fastify.ts"
import * as onHono from "./hono.ts"
import * as onNext from "./next.ts"

const serverUrl = inject("postgresUrl")

test.for(Object.entries(frameworks))("%s serves Latchkey and guards its own route", async ([, start]) => {
  const lines: { address?: string }[] = []
  const logger = { info: (line: object) => void lines.push(line), warn() {}, error() {} }
  await using started = await startLatchkey(serverUrl, { logger })
  const { latchkey } = started
  const { key, id, subject, accessToken } = await newKey(latchkey)
  const url = await listen(latchkey, start)
  lines.length = 0

  const me = await fetch(`${url}/latchkey/auth/me`, { headers: { "x-api-key": key } })
  expect(await me.json()).toMatchObject({ id: subject, apiKeyId: id })
  const created = await fetch(`${url}/latchkey/auth/apikeys`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ label: "naïve \u2028 label" }),
  })
  expect(created.status).toBe(201)
  expect(((await created.json()) as { label: string }).label).toBe("naïve \u2028 label")
  const deleted = await fetch(`${url}/latchkey/auth/apikeys/${id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${accessToken}` },
  })
  expect(deleted.status, await deleted.text()).toBe(204)
  // Next knows no address of its own.
  if (!start.name.includes("next"))
    expect(new Set(lines.map(({ address }) => address))).toEqual(new Set(["127.0.0.1"]))

  const { key: other, subject: owner, revoke } = await newKey(latchkey)
  const mine = await fetch(`${url}/mine`, { headers: { "x-api-key": other } })
  expect(await mine.json()).toEqual({ subject: owner })
  // No shared cache may give it to others, or to the same key after its revocation.
  expect(mine.headers.get("cache-control")).toBe("private")
  const twice = await fetch(`${url}/mine`, { headers: { "x-api-key": other, authorization: "Bearer x" } })
  expect(twice.status).toBe(400)
  const byJwt = await fetch(`${url}/mine`, { headers: { authorization: `Bearer ${accessToken}` } })
  expect(byJwt.status).toBe(403)
  expect(await byJwt.json()).toMatchObject({ reason: "FORBIDDEN" })
  await revoke()
  const refused = await fetch(`${url}/mine`, { headers: { "x-api-key": other } })
  expect(refused.status).toBe(401)
  expect(refused.headers.get("www-authenticate")).toMatch(/^Bearer/)
  expect(refused.headers.get("content-type")).toMatch(/^application\/json/)
})

test.for(Object.entries(frameworks))(
  "%s does not take a proxy that the host does not trust for the client",
  async ([, start]) => {
    await using started = await startLatchkey(serverUrl)
    const { latchkey } = started
    const { key, id, accessToken } = await newKey(latchkey)
    const headers = { authorization: `Bearer ${accessToken}` }
    const body = { allowedIps: ["127.0.0.1", "::1"] }
    expect((await rest(latchkey, "PATCH", `/auth/apikeys/${id}`, { headers, body })).status).toBe(200)
    const url = await listen(latchkey, start)
    const statuses = async (forwarded: Record<string, string>) => {
      const paths = ["/mine", "/latchkey/auth/me"]
      const init = { headers: { "x-api-key": key, ...forwarded } }
      return Promise.all(paths.map(async (path) => (await fetch(url + path, init)).status))
    }
    // Next knows no address of its own.
    expect(await statuses({})).toEqual(start.name.includes("next") ? [401, 401] : [200, 200])
    for (const name of ["X-Forwarded-For", "Forwarded", "X-Real-IP"]) {
      expect(await statuses({ [name]: "127.0.0.1" })).toEqual([401, 401])
    }
    // Node drops headers beyond the first thousand, and with them those of a proxy.
    const many = ["X-API-Key", key, ...Array(1_500).fill(["A", ""]).flat(), "X-Forwarded-For", "127.0.0.1"]
    for (const path of ["/mine", "/latchkey/auth/me"]) {
      const sent = httpRequest(url + path, { headers: ["Host", "localhost", ...many] }).end()
      const [reply] = (await once(sent, "response")) as [IncomingMessage]
      expect(reply.resume().statusCode).toBe(401)
    }
  },
)

test("a proxy that Express or Fastify trusts tells the client's address", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, id, accessToken } = await newKey(latchkey)
  const headers = { authorization: `Bearer ${accessToken}` }
  const body = { allowedIps: ["203.0.113.7"] }
  await rest(latchkey, "PATCH", `/auth/apikeys/${id}`, { headers, body })
  const trusting: Frameworks[string][] = [
    async () => {
      const app = express().set("trust proxy", 1)
      app.use("/latchkey", onExpress.latchkeyHandler(latchkey))
      return createServer(app).listen(0, "127.0.0.1")
    },
    async () => {
      const app = fastify({ trustProxy: true })
      app.register(onFastify.latchkeyHandler(latchkey))
      await app.listen({ port: 0, host: "127.0.0.1" })
      onTestFinished(() => app.close())
      return app.server
    },
  ]
  for (const start of trusting) {
    const url = await listen(latchkey, start)
    const statusFrom = async (address: string) =>
      (await fetch(`${url}/latchkey/auth/me`, { headers: { "x-api-key": key, "x-forwarded-for": address } }))
        .status
    expect(await statusFrom("203.0.113.7")).toBe(200)
    expect(await statusFrom("203.0.113.8")).toBe(401)
  }
})

test("tRPC's own adapters don't mistake a proxy for the client either, unless the host names the client", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, id, accessToken } = await newKey(latchkey)
  const headers = { authorization: `Bearer ${accessToken}` }
  const body = { allowedIps: ["127.0.0.1"] }
  await rest(latchkey, "PATCH", `/auth/apikeys/${id}`, { headers, body })
  const t = initTRPC.context<LatchkeyContext>().create()
  const appRouter = t.router({
    whoami: t.procedure.concat(latchkey.requires()).query(({ ctx }) => ctx.caller.apiKeyId),
  })
  function whoami(more: Record<string, string>, options?: { address: string }) {
    const request = { headers: { "x-api-key": key, ...more }, socket: { remoteAddress: "127.0.0.1" } }
    return appRouter.createCaller(latchkey.createContext(request, options)).whoami()
  }
  const forwarded = { "x-forwarded-for": "127.0.0.1" }
  expect(await whoami({})).toBe(id)
  await expect(whoami(forwarded)).rejects.toMatchObject({ code: "UNAUTHORIZED" })
  expect(await whoami(forwarded, { address: "127.0.0.1" })).toBe(id)
})

test("a guarded route of Hono or Next may pass on what it fetched, and decides itself whether it is cached", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, id, accessToken } = await newKey(latchkey)
  const body = { rateLimit: { limit: 100, window: 60 } }
  await rest(latchkey, "PATCH", `/auth/apikeys/${id}`, {
    headers: { authorization: `Bearer ${accessToken}` },
    body,
  })
  const upstream = createServer((_, response) => {
    response.setHeader("cache-control", "public, max-age=60").end("passed on")
  }).listen(0, "127.0.0.1")
  await once(upstream, "listening")
  onTestFinished(() => void upstream.close())
  const passOn = () => fetch(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`)
  const app = new Hono().get("/", onHono.guard(latchkey), passOn)
  const request = new Request("http://host/", { headers: { "x-api-key": key } })
  for (const response of [
    await app.fetch(request),
    await onNext.guard(latchkey)(passOn)(request, { params: Promise.resolve({}) }),
  ]) {
    expect([response.status, await response.text()]).toEqual([200, "passed on"])
    expect(response.headers.get("ratelimit")).toContain("r=")
    expect(response.headers.get("cache-control")).toBe("public, max-age=60")
  }
})

test("a body parser that has kept nothing causes one clear error", async () => {
  await using started = await startLatchkey(serverUrl)
  const url = await listen(started.latchkey, async (latchkey) => {
    const app = express()
    app.use(async (request, _, next) => {
      for await (const _ of request);
      next()
    })
    app.use("/latchkey", onExpress.latchkeyHandler(latchkey))
    app.use((error: Error, _: express.Request, response: express.Response, __: express.NextFunction) => {
      response.status(500).send(error.message)
    })
    return createServer(app).listen(0, "127.0.0.1")
  })
  const response = await fetch(`${url}/latchkey/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  })
  expect(await response.text()).toBe(
    "a body parser has read the body and kept nothing of it; mount latchkeyHandler before it",
  )
})

test.each(Object.keys(frameworks))(
  "%s refuses what the platform's Request can't be, and goes on",
  async (name) => {
    await using started = await startLatchkey(serverUrl)
    const url = await listen(started.latchkey, frameworks[name] as Frameworks[string])
    for (const [method, path] of [
      ["TRACE", "/latchkey/healthz"],
      ["POST", "http://user:password@host/latchkey/auth/login"],
    ] as const) {
      const sent = httpRequest(url, { method, path }).end()
      const [response] = (await once(sent, "response")) as [IncomingMessage]
      expect(response.resume().statusCode).toBeGreaterThanOrEqual(400)
    }
    expect((await fetch(`${url}/latchkey/healthz`)).status).toBe(200)
  },
)

test.for(Object.entries(frameworks).filter(([name]) => !name.includes("body")))(
  "%s: a client that disconnects while it sends its body is no error of the server",
  async ([, start]) => {
    const lines: { level: string; status?: number }[] = []
    const add = (level: string) => (line: object) => void lines.push({ ...line, level })
    const logger = { info: add("info"), warn: add("warn"), error: add("error") }
    await using started = await startLatchkey(serverUrl, { logger })
    const { port } = new URL(await listen(started.latchkey, start))
    const framings = ["Content-Length: 20", "Transfer-Encoding: chunked"]
    for (const framing of framings) {
      const socket = connect(Number(port), "127.0.0.1")
      socket.write(
        `POST /latchkey/auth/login HTTP/1.1\r\nHost: localhost\r\n${framing}\r\nExpect: 100-continue\r\n\r\n`,
      )
      // The server asks for the body.
      await once(socket, "data")
      socket.resetAndDestroy()
    }
    const incomplete = { level: "info", status: 400 }
    await expect.poll(() => lines).toMatchObject(framings.map(() => incomplete))
  },
)
