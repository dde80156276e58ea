import { expect, test } from "vitest"
import { createKeyStore } from "./createKeyStore.ts"

test("an invalid URL rejects a call, so that no other call of the same load is left without a handler", async () => {
  const call = createKeyStore({ baseUrl: "http://[" }).client(({ auth }) => auth.me())
  await expect(call).rejects.toThrow()
})
