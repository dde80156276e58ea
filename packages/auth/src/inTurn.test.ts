import { expect, test } from "vitest"
import { createInTurn } from "./inTurn.ts"
import { gate } from "./testing.ts"

test("what belongs to one key runs one after the other, a failure included; other keys do not wait", async () => {
  const inTurn = createInTurn()
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
