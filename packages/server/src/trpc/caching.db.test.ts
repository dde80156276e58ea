import { once } from "node:events"
import { createServer } from "node:http"
import { initTRPC } from "@trpc/server"
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import { createHTTPHandler } from "@trpc/server/adapters/standalone"
import fastify from "fastify"
import { expect, inject, onTestFinished, test } from "vitest"
import { newKey, startLatchkey } from "../../test/startLatchkey.ts"
import type { LatchkeyContext } from "../types.ts"

test("shared caches keep no response that depends on a credential, and all others", async () => {
  await using started = await startLatchkey(inject("postgresUrl"))
  const { latchkey } = started
  const { key } = await newKey(latchkey)
  const t = initTRPC.context<LatchkeyContext>().create()
  const guarded = t.procedure.concat(latchkey.requires())
  const router = t.router({
    reports: guarded.query(({ ctx }) => ctx.caller.subject),
    keys: latchkey.router,
    news: t.procedure.query(() => "for everybody"),
  })
  const { createContext } = latchkey
  const node = createServer(createHTTPHandler({ router, createContext })).listen(0, "127.0.0.1")
  await once(node, "listening")
  onTestFinished(() => void node.close())
  const web = fastify()
  web.register(fastifyTRPCPlugin, { prefix: "/", trpcOptions: { router, createContext } })
  onTestFinished(() => web.close())
  const { port } = node.address() as { port: number }
  const adapters = {
    node: (path: string, headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers }),
    fastify: async (path: string, headers: Record<string, string>) => {
      const { headers: got, statusCode: status } = await web.inject({ url: path, headers })
      return { status, headers: new Headers({ "cache-control": String(got["cache-control"] ?? "") }) }
    },
    fetch: (path: string, headers: Record<string, string>) =>
      fetchRequestHandler({
        endpoint: "",
        req: new Request(`http://host${path}`, { headers }),
        router,
        createContext,
      }),
  }
  for (const [name, call] of Object.entries(adapters)) {
    const ask = async (path: string, headers: Record<string, string> = {}) => {
      const response = await call(path, headers)
      return [name, response.status, response.headers.get("cache-control") || null]
    }
    const byKey = { "x-api-key": key }
    expect(await ask("/reports", byKey)).toEqual([name, 200, "private"])
    expect(await ask("/reports")).toEqual([name, 401, "private"])
    expect(await ask("/keys.auth.me", byKey)).toEqual([name, 200, "private"])
    expect(await ask("/reports,news?batch=1", byKey)).toEqual([name, 200, "private"])
    expect(await ask("/news", byKey)).toEqual([name, 200, null])
    const streamed = { ...byKey, "trpc-accept": "application/jsonl" }
    expect(await ask("/reports,news?batch=1", streamed)).toEqual([name, 200, "private"])
  }
})
