import { getEventListeners } from "node:events"
import { gate } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { catchError, client, ME } from "../test/callRawServer.ts"
import { respond, startRawServer } from "../test/startServer.ts"
import { createLatchkey } from "./index.ts"

test.each([
  ["before the response", ""],
  ["in the body", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{"],
])("a server that stalls %s is TIMEOUT, and the connection is closed", async (_, bytes) => {
  const closed = gate()
  await using raw = await startRawServer((socket) => {
    socket.on("close", closed.open)
    socket.write(bytes)
  })
  const error = await catchError(client(raw.url, { timeout: 2_000 }).auth.me())
  expect(error).toMatchObject({ reason: "TIMEOUT", message: "The call timed out after 2000 ms." })
  await closed.opened
})

test("a call's timeout overrides the client's", async () => {
  await using raw = await startRawServer(() => {})
  const error = await catchError(client(raw.url).auth.me({ timeout: 50 }))
  expect(error.message).toBe("The call timed out after 50 ms.")
})

test("a credential function that never settles is TIMEOUT", async () => {
  const latchkey = createLatchkey({
    baseUrl: "http://127.0.0.1:1",
    apiKey: () => new Promise(() => {}),
    timeout: 50,
  })
  expect((await catchError(latchkey.auth.me())).reason).toBe("TIMEOUT")
})

test("an aborted call fails at once with the signal's reason as cause; an already aborted signal sends nothing", async () => {
  const controller = new AbortController()
  const reason = new Error("the page was left")
  await using raw = await startRawServer(() => controller.abort(reason))
  const { signal } = controller
  expect(await catchError(client(raw.url).auth.me({ signal }))).toMatchObject({
    reason: "TIMEOUT",
    cause: reason,
  })
  expect(await catchError(client(raw.url).auth.me({ signal }))).toMatchObject({
    reason: "TIMEOUT",
    cause: reason,
  })
  expect(raw.requests).toHaveLength(1)
})

test("aborting a call does not abort the others of its batch", async () => {
  const controller = new AbortController()
  const both = JSON.stringify([{ result: { data: { json: ME } } }, { result: { data: { json: ME } } }])
  const aborted = gate()
  await using raw = await startRawServer(async (socket) => {
    controller.abort()
    await aborted.opened
    respond(socket, 200, both)
  })
  const latchkey = client(raw.url)
  const [first, second] = [latchkey.auth.me({ signal: controller.signal }), latchkey.auth.me()]
  expect((await catchError(first)).reason).toBe("TIMEOUT")
  aborted.open()
  expect(await second).toEqual(ME)
})

const DONE = { result: { data: { json: null } } }

test("a call that was aborted before it had a credential is not sent later with others that waited for it", async () => {
  const token = gate()
  await using raw = await startRawServer((socket) => respond(socket, 200, JSON.stringify([DONE, DONE])))
  const latchkey = createLatchkey({ baseUrl: raw.url, accessToken: () => token.opened.then(() => "token") })
  const controller = new AbortController()
  const aborted = catchError(latchkey.apiKeys.create({ label: "mine" }, { signal: controller.signal }))
  const other = latchkey.apiKeys.revoke("1")

  controller.abort()
  expect((await aborted).reason).toBe("TIMEOUT")
  token.open()

  await other
  expect(raw.requests.map((request) => request.split(" ")[1])).toEqual(["/trpc/apiKeys.revoke?batch=1"])
})

test("50 calls can share a signal without a warning, and leave no listener on it", async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on("warning", onWarning)
  await using raw = await startRawServer((socket) => socket.destroy())
  const { signal } = new AbortController()
  const latchkey = client(raw.url, { retries: 0 })
  await Promise.all(Array.from({ length: 50 }, () => catchError(latchkey.auth.me({ signal }))))
  await new Promise(setImmediate)
  process.off("warning", onWarning)
  expect(warnings).toEqual([])
  expect(getEventListeners(signal, "abort")).toEqual([])
})
