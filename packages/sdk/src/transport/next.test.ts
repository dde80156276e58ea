import { AsyncLocalStorage } from "node:async_hooks"
import { afterEach, expect, test, vi } from "vitest"
import { respond, startRawServer } from "../../test/startServer.ts"
import { createLatchkey } from "../index.ts"

const options = { apiKey: "0123456789abcdef".repeat(4) }
const pages = new AsyncLocalStorage<string>()
const INVALID = JSON.stringify([{ result: { data: { json: { active: false } } } }])

/** Next's `fetch`, which finds out by its async context which page it belongs to. */
function stubFetch(fetchInPage: (page: string | undefined) => void) {
  const { fetch } = globalThis
  const patched = (url: string, init: RequestInit) => {
    fetchInPage(pages.getStore())
    return fetch(url, init)
  }
  vi.stubGlobal("fetch", Object.assign(patched, { __nextPatched: true }))
}

afterEach(() => {
  vi.unstubAllGlobals()
})

test("in Next, each page makes its own requests, as Next stores a page that makes none", async () => {
  const fetching: unknown[] = []
  await using raw = await startRawServer((socket) => respond(socket, 200, INVALID))
  const latchkey = createLatchkey({ ...options, baseUrl: raw.url })
  // Next patches fetch after the page's module has been loaded.
  stubFetch((page) => fetching.push(page))
  const verify = (token: string) => latchkey.verify(token, { onUnavailable: "throw" })
  const calls = ["a", "b", "c"].map((page) => pages.run(page, () => verify(page === "c" ? "other" : "same")))
  expect(await Promise.all(calls)).toEqual(Array(3).fill({ active: false, reason: "INVALID" }))
  expect(fetching.toSorted()).toEqual(["a", "b", "c"])
})
