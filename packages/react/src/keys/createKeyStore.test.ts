import { gate } from "@latchkey/test-postgres"
import { expect, onTestFinished, test, vi } from "vitest"
import { createKeyStore } from "./createKeyStore.ts"

test("an invalid URL rejects a call, so that no other call of the same load is left without a handler", async () => {
  const call = createKeyStore({ baseUrl: "http://[" }).client(({ auth }) => auth.me())
  await expect(call).rejects.toThrow()
})

test("a key whose creation ends after somebody else has signed in is not shown to them", async () => {
  let user = "ada"
  const creating = gate()
  async function answer(name: string) {
    if (name === "auth.me") return { id: user }
    if (name !== "apiKeys.create") return { items: [], nextCursor: null }
    await creating.opened
    return { id: "k-1", label: "of Ada" }
  }
  vi.stubGlobal("fetch", async (url: string) => {
    const names = new URL(url).pathname.replace(/.*\//, "").split(",")
    return Response.json(
      await Promise.all(names.map(async (name) => ({ result: { data: { json: await answer(name) } } }))),
    )
  })
  vi.stubGlobal("location", { href: "https://app.company.tld/" })
  onTestFinished(() => void vi.unstubAllGlobals())
  const store = createKeyStore({ baseUrl: "/latchkey" })
  await store.reload()

  const created = store.create({ label: "of Ada" })
  user = "grace"
  await store.reload()
  creating.open()

  await expect(created).resolves.toMatchObject({ id: "k-1" })
  expect(store.getState()).toMatchObject({ me: { id: "grace" }, keys: [] })
})
