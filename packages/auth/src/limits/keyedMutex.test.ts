import { expect, test, vi } from "vitest"
import { createInTurn } from "./keyedMutex.ts"
import { gate } from "../../test/createTestAuth.ts"

test("what belongs to one key runs one after the other, a failure included; other keys do not wait", async () => {
  const inTurn = createInTurn(60_000)
  const first = gate()
  const order: string[] = []
  const runs = [
    inTurn("a", async () => {
      await first.promise
      order.push("first")
      throw new Error("fails")
    }).catch(() => {}),
    inTurn("a", async () => void order.push("second")),
  ]
  await inTurn("b", async () => void order.push("other"))
  first.resolve()
  await Promise.all(runs)
  expect(order).toEqual(["other", "first", "second"])
})

test("whose turn comes too late is told so, and does nothing", async () => {
  const inTurn = createInTurn(-1)
  const run = vi.fn()
  await expect(inTurn("a", run)).rejects.toMatchObject({ reason: "UNAVAILABLE" })
  expect(run).not.toHaveBeenCalled()
})
