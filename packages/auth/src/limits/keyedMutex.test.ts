import { expect, test, vi } from "vitest"
import { gate } from "../../test/createTestAuth.ts"
import { createKeyedMutex } from "./keyedMutex.ts"

test("tasks with the same key run one at a time, even after a failure; other keys do not wait", async () => {
  const runExclusive = createKeyedMutex(60_000)
  const first = gate()
  const order: string[] = []
  const runs = [
    runExclusive("a", async () => {
      await first.promise
      order.push("first")
      throw new Error("fails")
    }).catch(() => {}),
    runExclusive("a", async () => void order.push("second")),
  ]
  await runExclusive("b", async () => void order.push("other"))
  first.resolve()
  await Promise.all(runs)
  expect(order).toEqual(["other", "first", "second"])
})

test("a task that has waited too long is refused and does not run", async () => {
  const runExclusive = createKeyedMutex(-1)
  const run = vi.fn()
  await expect(runExclusive("a", run)).rejects.toMatchObject({ reason: "UNAVAILABLE" })
  expect(run).not.toHaveBeenCalled()
})
