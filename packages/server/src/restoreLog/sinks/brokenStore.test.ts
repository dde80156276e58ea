import { brokenResponses, startBrokenServer } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { RestoreLogError } from "../restoreLogError.ts"
import { createHttpStore } from "./httpStore.ts"

const uncaught = vi.fn()
beforeAll(() => void process.on("uncaughtException", uncaught))
afterAll(() => void process.off("uncaughtException", uncaught))

test.concurrent.each(brokenResponses)(
  "a broken server that sends %s and %s the connection stops nothing",
  async (...how) => {
    await using broken = await startBrokenServer(how)
    const store = createHttpStore(`${broken.url}/log/`, { token: "token", writeMs: 500, readMs: 500 })
    const read = async () => {
      for await (const chunk of store.read("a")) expect(Buffer.from(chunk).toString()).toBe("[")
    }
    for (const ask of [() => store.list(), read, () => store.put("a", "text"), () => store.remove("a")]) {
      const error: unknown = await ask().then(
        () => undefined,
        (thrown) => thrown,
      )
      if (error !== undefined) expect(error).toBeInstanceOf(RestoreLogError)
    }
    await expect(store.list()).rejects.toThrow(RestoreLogError)
    await expect(read()).rejects.toThrow(RestoreLogError)
    expect(uncaught).not.toHaveBeenCalled()
  },
)
