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

test("few loads that arrive while a batch is in flight form the next one", async () => {
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

const loadMany = (count: number, { load }: Pick<ReturnType<typeof gatedRead>, "load">) =>
  Array.from({ length: count }, (_, index) => load(String(index)))

const sizes = ({ begun }: Pick<ReturnType<typeof gatedRead>, "begun">) => begun.map(({ ids }) => ids.length)

test("a burst of 16 loads is read beside the batch in flight, unlike fewer and unlike as many in turn", async () => {
  const reads = gatedRead()
  const loads = loadMany(1, reads)
  await settled()
  for (let i = 0; i < 20; i++) {
    loads.push(reads.load("in turn"))
    await settled()
  }
  loads.push(...loadMany(15, reads))
  await settled()
  expect(sizes(reads)).toEqual([1])

  loads.push(...loadMany(16, reads))
  await settled()
  expect(sizes(reads)).toEqual([1, 17])

  for (const { answer } of reads.begun) answer([])
  expect(await Promise.all(loads)).toEqual(loads.map(() => null))
})

test("at most two batches are in flight, and what waits is read after both", async () => {
  const reads = gatedRead()
  const loads = loadMany(32, reads)
  await settled()
  loads.push(...loadMany(100, reads))
  await settled()
  reads.begun[0]?.answer([])
  await settled()
  expect(sizes(reads)).toEqual([16, 16])

  reads.begun[1]?.answer([])
  await settled()
  expect(sizes(reads)).toEqual([16, 16, 100])
  reads.begun[2]?.answer([])
  expect(await Promise.all(loads)).toEqual(loads.map(() => null))
})

test("32 loads at once are read in two halves", async () => {
  const reads = gatedRead()
  const loads = loadMany(33, reads)
  await settled()
  expect(sizes(reads)).toEqual([17, 16])
  for (const { answer } of reads.begun) answer([])
  expect(await Promise.all(loads)).toEqual(loads.map(() => null))
})

test("a batch has at most 1,000 loads", async () => {
  const reads = gatedRead()
  const loads = loadMany(2_500, reads)
  await settled()
  expect(sizes(reads)).toEqual([1_000, 1_000])
  for (const { answer } of reads.begun) answer([])
  await settled()
  expect(sizes(reads)).toEqual([1_000, 1_000, 500])
  reads.begun[2]?.answer([])
  expect(await Promise.all(loads)).toEqual(loads.map(() => null))
})
