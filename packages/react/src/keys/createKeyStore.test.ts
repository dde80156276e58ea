import { gate } from "@latchkey/test-postgres"
import { expect, onTestFinished, test, vi } from "vitest"
import { createKeyStore } from "./createKeyStore.ts"

test("an invalid URL rejects a call, so that no other call of the same load is left without a handler", async () => {
  const call = createKeyStore({ baseUrl: "http://[" }).client(({ auth }) => auth.me())
  await expect(call).rejects.toThrow()
})

/** Answers each call of the store with the result, or with the reason of a failure. */
function stubServer(answer: (name: string) => Promise<{ result: object } | { reason: string }>) {
  async function respond(name: string) {
    const answered = await answer(name)
    if ("result" in answered) return { result: { data: { json: answered.result } } }
    const data = { code: answered.reason, httpStatus: 404, reason: answered.reason, requestId: "r-1" }
    return { error: { json: { message: "No such key.", code: -32004, data } } }
  }
  vi.stubGlobal("fetch", async (url: string) => {
    const names = new URL(url).pathname.replace(/.*\//, "").split(",")
    const answers = await Promise.all(names.map(respond))
    const isRefused = answers.every((each) => "error" in each)
    return Response.json(answers, { status: isRefused ? 404 : 200 })
  })
  vi.stubGlobal("location", { href: "https://app.company.tld/" })
  onTestFinished(() => void vi.unstubAllGlobals())
  return createKeyStore({ baseUrl: "/latchkey" })
}

const EMPTY = { items: [], nextCursor: null }

test("a key whose creation ends after somebody else has signed in is not shown to them", async () => {
  let user = "ada"
  const creating = gate()
  const store = stubServer(async (name) => {
    if (name === "auth.me") return { result: { id: user } }
    if (name !== "apiKeys.create") return { result: EMPTY }
    await creating.opened
    return { result: { id: "k-1", label: "of Ada" } }
  })
  await store.reload()

  const created = store.create({ label: "of Ada" })
  user = "grace"
  await store.reload()
  creating.open()

  await expect(created).resolves.toMatchObject({ id: "k-1" })
  expect(store.getState()).toMatchObject({ me: { id: "grace" }, keys: [] })
})

/** Serves a key until its revocation, to which the server replies that there is no such key. */
async function revokeMissing(after: { owner: string; key: object | null }) {
  const key = { id: "k-1", label: "of Ada", createdAt: "", expiresAt: null, revokedAt: null }
  let isAsked = false
  const store = stubServer(async (name) => {
    if (name === "auth.me") return { result: { id: isAsked ? after.owner : "ada" } }
    if (name === "apiKeys.list") return { result: isAsked ? EMPTY : { ...EMPTY, items: [key] } }
    if (name === "apiKeys.revoke") isAsked = true
    if (name === "apiKeys.get" && after.key) return { result: { ...key, ...after.key } }
    return name.startsWith("apiKeys.usage") ? { result: EMPTY } : { reason: "NOT_FOUND" }
  })
  await store.reload()
  return { store, revoking: store.revoke("k-1") }
}

test("a key that was already revoked elsewhere is shown as revoked", async () => {
  const { store, revoking } = await revokeMissing({
    owner: "ada",
    key: { revokedAt: "2030-01-01T00:00:00Z" },
  })
  await expect(revoking).resolves.toBeUndefined()
  expect(store.getState().keys).toMatchObject([{ id: "k-1", revokedAt: expect.anything() }])
})

test("a key of somebody who has signed out meanwhile is not reported as revoked", async () => {
  const { store, revoking } = await revokeMissing({ owner: "grace", key: null })
  await expect(revoking).rejects.toMatchObject({ reason: "NOT_FOUND" })
  await expect.poll(() => store.getState()).toMatchObject({ me: { id: "grace" }, keys: [] })
})
