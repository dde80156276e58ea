import { createServer } from "node:http"
import { fastify } from "fastify"
import { expect, inject, onTestFinished, test } from "vitest"
import { listen } from "../../test/frameworks.ts"
import { newKey, rest, startLatchkey } from "../../test/startLatchkey.ts"
import * as onFastify from "./fastify.ts"
import * as onNode from "./node.ts"

const serverUrl = inject("postgresUrl")

test("a Fastify hook that has read the body is reported, and the request is answered", async () => {
  await using started = await startLatchkey(serverUrl)
  const errors: string[] = []
  const url = await listen(started.latchkey, async (latchkey) => {
    const stream = { write: (line: string) => void errors.push(line) }
    const app = fastify({ logger: { level: "error", stream } })
    app.addHook("preParsing", async (_, __, payload) => {
      for await (const _ of payload);
    })
    app.register(onFastify.latchkeyHandler(latchkey))
    await app.listen({ port: 0, host: "127.0.0.1" })
    onTestFinished(() => app.close())
    return app.server
  })
  const response = await fetch(`${url}/latchkey/auth/login`, { method: "POST", body: "{}" })
  expect(response.status).toBe(500)
  expect(errors.join()).toContain("mount latchkeyHandler before it")
})

test("node: if the host's function for addresses throws, the address is unknown", async () => {
  await using started = await startLatchkey(serverUrl)
  const { key, id, accessToken } = await newKey(started.latchkey)
  const address = ({ headers }: { headers: Record<string, unknown> }) => {
    if (typeof headers["client-ip"] !== "string") throw new TypeError("no client-ip")
    return headers["client-ip"]
  }
  const guarding: Promise<void>[] = []
  const url = await listen(started.latchkey, async (latchkey) => {
    const handle = onNode.latchkeyHandler(latchkey, { address })
    const mine = onNode.guard(latchkey, { address })((_, response) => response.end())
    return createServer((request, response) => {
      guarding.push((request.url === "/mine" ? mine : handle)(request, response))
    }).listen(0, "127.0.0.1")
  })
  const statuses = (headers: Record<string, string>) =>
    Promise.all(
      ["/mine", "/latchkey/auth/me"].map(async (path) => (await fetch(url + path, { headers })).status),
    )

  expect(await statuses({ "x-api-key": key })).toEqual([200, 200])
  const body = { allowedIps: ["192.0.2.1"] }
  const headers = { authorization: `Bearer ${accessToken}` }
  expect((await rest(started.latchkey, "PATCH", `/auth/apikeys/${id}`, { headers, body })).status).toBe(200)
  expect(await statuses({ "x-api-key": key })).toEqual([401, 401])
  expect(await statuses({ "x-api-key": key, "client-ip": "192.0.2.1" })).toEqual([200, 200])
  await Promise.all(guarding)
})
