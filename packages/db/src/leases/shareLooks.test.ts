import { expect, test } from "vitest"
import { type LeaseLook, shareLooks } from "./shareLooks.ts"

const settled = () => new Promise((resolve) => setImmediate(resolve))

const lease = (applied: number) => ({ instanceId: `at ${applied}`, token: "token", length: 1_000, applied })

const lookAt = (position: number, lagging: LeaseLook["lagging"] = []): LeaseLook => ({
  ...{ timeline: "00000001", position, longestLease: 1_000, lagging },
})

/** Looks that settle when the test settles them. */
function createLooks() {
  const begun: { end(found: LeaseLook): void; fail(): void }[] = []
  const find = shareLooks(
    () =>
      new Promise((resolve, reject) => {
        begun.push({ end: resolve, fail: () => reject(new Error("no answer")) })
      }),
  )
  return { begun, find }
}

test("1,000 waiting callers share looks: one is in flight at a time, and each caller gets one that began after its call", async () => {
  const { begun, find } = createLooks()
  const first = find({ position: null })
  await settled()
  const others = Array.from({ length: 999 }, () => find({ position: null }))
  await settled()
  expect(begun).toHaveLength(1)

  begun[0]?.end(lookAt(7))
  expect((await first).position).toBe(7)
  await settled()
  expect(begun).toHaveLength(2)
  begun[1]?.end(lookAt(8))
  expect(new Set((await Promise.all(others)).map(({ position }) => position))).toEqual(new Set([8]))
  await settled()
  expect(begun).toHaveLength(2)
})

test("each caller gets the leases that lag behind its own position", async () => {
  const { begun, find } = createLooks()
  const asked = [null, 5, 3].map((position) => find({ position }))
  await settled()
  begun[0]?.end(lookAt(7, [lease(2), lease(4), lease(6)]))

  const found = await Promise.all(asked)
  expect(found.map(({ lagging }) => lagging.map(({ instanceId }) => instanceId))).toEqual([
    ["at 2", "at 4", "at 6"],
    ["at 2", "at 4"],
    ["at 2"],
  ])
})

test("a failed look rejects only its own callers", async () => {
  const { begun, find } = createLooks()
  const failing = find({ position: null })
  await settled()
  const next = find({ position: null })
  begun[0]?.fail()
  await expect(failing).rejects.toThrow("no answer")
  await settled()
  begun[1]?.end(lookAt(1))
  expect((await next).position).toBe(1)
})
