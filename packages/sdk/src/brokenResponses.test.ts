import { gate } from "@latchkey/test-postgres"
import { expect, onTestFinished, test, vi } from "vitest"
import { catchError, client, ME } from "../test/callRawServer.ts"
import { respond, result, startRawServer } from "../test/startServer.ts"
import { createLatchkey } from "./index.ts"

test("a body without an end is read only up to a limit, and the connection is closed", async () => {
  const closed = gate()
  await using raw = await startRawServer((socket) => {
    socket.on("close", closed.open)
    socket.write("HTTP/1.1 200 OK\r\nX-Request-Id: r-9\r\n\r\n[")
    const chunk = " ".repeat(2 ** 20)
    const write = () => {
      while (socket.writable && socket.write(chunk));
      if (socket.writable) socket.once("drain", write)
    }
    write()
  })
  const error = await catchError(client(raw.url, { retries: 0, timeout: 300_000 }).auth.me())
  expect(error).toMatchObject({ reason: "NETWORK", status: 200, requestId: "r-9" })
  await closed.opened
})

test("a body can be read where responses have no stream, as in React Native", async () => {
  vi.stubGlobal("fetch", async () => ({
    ok: true,
    status: 200,
    headers: new Headers(),
    text: async () => result(ME),
  }))
  onTestFinished(() => void vi.unstubAllGlobals())
  expect(await client("https://keys.company.tld").auth.me()).toEqual(ME)
})

test("characters that are split between chunks are read whole", async () => {
  const bytes = Buffer.from(result({ ...ME, label: "\u{1f511}" }))
  const middle = bytes.indexOf(0xf0) + 2
  await using raw = await startRawServer((socket) => {
    socket.setNoDelay()
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`)
    socket.write(bytes.subarray(0, middle), () => setImmediate(() => socket.end(bytes.subarray(middle))))
  })
  expect(await client(raw.url).auth.me()).toMatchObject({ label: "\u{1f511}" })
})

test.each([
  ["always the same", (count: number) => (count > 1 ? "b" : "a")],
  ["two in turns", (count: number) => (count % 2 ? "a" : "b")],
])("an iteration ends with an error if the cursors repeat: %s", async (_, nextCursor) => {
  await using raw = await startRawServer((socket, __, count) =>
    respond(socket, 200, result({ items: [{ id: `k${count}` }], nextCursor: nextCursor(count) })),
  )
  async function iterate() {
    for await (const _ of client(raw.url).apiKeys.list()) if (raw.requests.length > 9) return
  }
  expect((await catchError(iterate())).reason).toBe("NETWORK")
  expect(raw.requests).toHaveLength(3)
})

test.each([
  ["no tokens", { user: ME }],
  ["no access token", { refreshToken: "new" }],
  ["no refresh token", { accessToken: "new" }],
  ["null", null],
])("a response to a refresh with %s is NETWORK, and no token is sent or replaced", async (_, response) => {
  await using raw = await startRawServer((socket) => respond(socket, 200, result(response)))
  const latchkey = createLatchkey({ baseUrl: raw.url, session: { refreshToken: "old" }, retries: 0 })
  expect((await catchError(latchkey.auth.me())).reason).toBe("NETWORK")
  expect((await catchError(latchkey.auth.me())).reason).toBe("NETWORK")
  expect(raw.requests.map((request) => request.split(" ", 2)[1])).toEqual(
    Array(2).fill("/trpc/auth.refresh?batch=1"),
  )
  expect(raw.requests.every((request) => request.includes('"refreshToken":"old"'))).toBe(true)
})

test.each(["throw", "deny"] as const)(
  "an error by which Next.js ends a rendering gets through unchanged, with onUnavailable: %s",
  async (onUnavailable) => {
    const error = Object.assign(new Error("Dynamic server usage"), { digest: "DYNAMIC_SERVER_USAGE" })
    const fetch = vi.fn().mockRejectedValue(error)
    vi.stubGlobal("fetch", fetch)
    onTestFinished(() => void vi.unstubAllGlobals())
    const latchkey = createLatchkey({ baseUrl: "https://keys.company.tld", apiKey: "0".repeat(64) })
    await expect(latchkey.verify("1".repeat(64), { onUnavailable })).rejects.toBe(error)
    await expect(latchkey.auth.me()).rejects.toBe(error)
    expect(fetch).toHaveBeenCalledTimes(2)
  },
)
