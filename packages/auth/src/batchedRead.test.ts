import { expect, test } from "vitest"
import { createBatchedRead } from "./batchedRead.ts"

interface Row {
  id: string
  version: number
}

/** A read that the test answers. */
function gatedRead() {
  const begun: { ids: readonly string[]; answer: (rows: Row[]) => void; fail: (error: Error) => void }[] = []
  const load = createBatchedRead(
    (ids) => new Promise<Row[]>((answer, fail) => begun.push({ ids, answer, fail })),
    (row) => row.id,
  )
  return { begun, load }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test("only one batch is in flight, and loads that arrive meanwhile form the next one", async () => {
  const { begun, load } = gatedRead()
  const first = load("a")
  await settled()
  const later = [load("b"), load("c"), load("b"), load("missing")]
  await settled()
  expect(begun.map(({ ids }) => ids)).toEqual([["a"]])

  begun[0]?.answer([{ id: "a", version: 1 }])
  expect(await first).toEqual({ id: "a", version: 1 })
  await settled()
  expect(begun[1]?.ids).toEqual(["b", "c", "missing"])

  begun[1]?.answer([
    { id: "c", version: 3 },
    { id: "b", version: 2 },
  ])
  expect(await Promise.all(later)).toEqual([
    { id: "b", version: 2 },
    { id: "c", version: 3 },
    { id: "b", version: 2 },
    null,
  ])
})

test("the next batch is sent before the callers of the previous one continue", async () => {
  const { begun, load } = gatedRead()
  const begunWhenAnswered = load("a").then(() => begun.length)
  await settled()
  const next = load("b")
  begun[0]?.answer([{ id: "a", version: 1 }])
  expect(await begunWhenAnswered).toBe(2)
  begun[1]?.answer([{ id: "b", version: 1 }])
  expect((await next)?.version).toBe(1)
})

test("a load is never answered by a read that began before it", async () => {
  const { begun, load } = gatedRead()
  const early = load("a")
  await settled()
  const late = load("a")
  begun[0]?.answer([{ id: "a", version: 1 }])
  await settled()
  begun[1]?.answer([{ id: "a", version: 2 }])

  expect((await early)?.version).toBe(1)
  expect((await late)?.version).toBe(2)
})

test("a failed batch does not affect the next one", async () => {
  const { begun, load } = gatedRead()
  const first = load("a")
  await settled()
  const second = load("b")
  begun[0]?.fail(new Error("gone"))
  await expect(first).rejects.toThrow("gone")
  await settled()
  begun[1]?.answer([{ id: "b", version: 1 }])
  expect(await second).toEqual({ id: "b", version: 1 })
})

test("loads that exceed a batch are read in successive batches", async () => {
  const { begun, load } = gatedRead()
  const loads = Array.from({ length: 2_500 }, (_, index) => load(String(index)))
  for (let batch = 0; batch < 3; batch++) {
    await settled()
    expect(begun).toHaveLength(batch + 1)
    begun[batch]?.answer([])
  }
  expect(await Promise.all(loads)).toEqual(loads.map(() => null))
})
