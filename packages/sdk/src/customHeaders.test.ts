import { inspect } from "node:util"
import { afterEach, expect, test, vi } from "vitest"
import { respond, result, startRawServer } from "../test/startServer.ts"
import { createLatchkey } from "./index.ts"

const accessToken = "one"
const platformFetch = globalThis.fetch

afterEach(() => {
  vi.unstubAllGlobals()
})

test("headers of the application are sent with each call, and can't replace the credential", async () => {
  await using raw = await startRawServer((socket) => respond(socket, 200, result({ id: "u1" })))
  let organization = "org_1"
  const headers = () => ({ "X-Organization": organization, Authorization: "Bearer two" })
  const latchkey = createLatchkey({ baseUrl: raw.url, accessToken, headers })
  await latchkey.auth.me()
  organization = "org_2"
  await latchkey.auth.me()

  expect(raw.requests[0]).toMatch(/^x-organization: org_1\r$/im)
  expect(raw.requests[1]).toMatch(/^x-organization: org_2\r$/im)
  expect(raw.requests.join("")).not.toContain("two")
})

test("a header that can't be sent is an error that does not quote it", async () => {
  const secret = "tenant-7f3a"
  for (const value of [`${secret}\nx`, `${secret}\u2028`]) {
    const latchkey = createLatchkey({ baseUrl: "http://127.0.0.1:1", headers: { "X-Tenant": value } })
    const error = await latchkey.auth.me().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ reason: "INVALID_INPUT", message: expect.stringContaining("X-Tenant") })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret)
  }
})

test("cookies are sent to other origins only if the client is told to", async () => {
  const sent: RequestInit[] = []
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    sent.push(init)
    return platformFetch(url, init)
  })
  await using raw = await startRawServer((socket) => respond(socket, 200, result({ id: "u1" })))
  await createLatchkey({ baseUrl: raw.url }).auth.me()
  await createLatchkey({ baseUrl: raw.url, credentials: "include" }).auth.me()
  expect(sent.map(({ credentials }) => credentials)).toEqual([undefined, "include"])
})
