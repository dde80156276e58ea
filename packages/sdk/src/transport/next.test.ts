import { AsyncLocalStorage } from "node:async_hooks"
import { afterEach, expect, onTestFinished, test, vi } from "vitest"
import { respond, startRawServer } from "../../test/startServer.ts"
import { createLatchkey } from "../index.ts"

const options = { apiKey: "0123456789abcdef".repeat(4) }
const pages = new AsyncLocalStorage<string>()
const INVALID = JSON.stringify([{ result: { data: { json: { active: false } } } }])

/** Next's `fetch`, which finds out by its async context which page it belongs to. */
function stubFetch(fetchInPage: (page: string | undefined) => void, mark: object) {
  const { fetch } = globalThis
  const patched = (url: string, init: RequestInit) => {
    fetchInPage(pages.getStore())
    return fetch(url, init)
  }
  vi.stubGlobal("fetch", Object.assign(patched, mark))
}

const nextPatch = Symbol.for("next-patch")

afterEach(() => {
  vi.unstubAllGlobals()
})

test.each([
  ["Next's fetch", { __nextPatched: true }, {}],
  ["a wrapper of Next's fetch", {}, { [nextPatch]: true }],
  ["Vercel's edge runtime", {}, { EdgeRuntime: "edge-runtime" }],
])(
  "with %s, each page makes its own requests, as Next stores a page that makes none",
  async (_, mark, globals) => {
    const fetching: unknown[] = []
    await using raw = await startRawServer((socket) => respond(socket, 200, INVALID))
    const latchkey = createLatchkey({ ...options, baseUrl: raw.url })
    // Next patches fetch after the page's module has been loaded.
    stubFetch((page) => fetching.push(page), mark)
    Object.assign(globalThis, globals)
    onTestFinished(() => {
      for (const name of Reflect.ownKeys(globals)) Reflect.deleteProperty(globalThis, name)
    })
    const verify = (token: string) => latchkey.verify(token, { onUnavailable: "throw" })
    const calls = ["a", "b", "c"].map((page) =>
      pages.run(page, () => verify(page === "c" ? "other" : "same")),
    )
    expect(await Promise.all(calls)).toEqual(Array(3).fill({ active: false, reason: "INVALID" }))
    expect(fetching.toSorted()).toEqual(["a", "b", "c"])
  },
)
