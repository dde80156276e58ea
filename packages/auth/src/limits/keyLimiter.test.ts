import fc from "fast-check"
import { afterEach, expect, test } from "vitest"
import { gate } from "../../test/createTestAuth.ts"
import { FakeCounter } from "../../test/fakeCounter.ts"
import { type AddCalls, createKeyLimiter, type KeyLimiter } from "./keyLimiter.ts"

const open: KeyLimiter[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((limiter) => limiter.close()))
})

function startInstance(addCalls: AddCalls, options: { maxWindows?: number } = {}) {
  const errors: unknown[] = []
  const limiter = createKeyLimiter(addCalls, { onError: (error) => errors.push(error), ...options })
  open.push(limiter)
  return { ...limiter, errors }
}

const times = (count: number) => Array.from({ length: count })

test("a window begins with the first call, and after it the whole limit is available again", () => {
  const counter = new FakeCounter()
  const { count } = startInstance(counter.addCalls)

  expect(count(counter.read(2, 60))).toEqual({
    ...{ limit: "key", count: 2, seconds: 60 },
    ...{ remaining: 1, reset: 60, isRefused: false },
  })
  counter.now += 45_500
  expect(count(counter.read(2, 60))).toMatchObject({ remaining: 0, reset: 15, isRefused: false })
  expect(count(counter.read(2, 60))).toMatchObject({ remaining: 0, reset: 15, isRefused: true })
  counter.now += 14_499
  expect(count(counter.read(2, 60))).toMatchObject({ reset: 1, isRefused: true })
  counter.now += 1
  expect(count(counter.read(2, 60))).toMatchObject({ remaining: 1, reset: 60, isRefused: false })
})

test("calls are written in one statement for all keys, and refused calls are not counted", async () => {
  const counter = new FakeCounter()
  const statements: number[] = []
  const { count, flush } = startInstance(async (calls) => {
    statements.push(calls.length)
    return counter.addCalls(calls.filter(({ counterId }) => counterId === "k"))
  })
  for (const _ of times(5)) count(counter.read(3, 60))
  for (const n of times(9).keys()) count({ ...counter.read(3, 60), counterId: `other ${n}` })

  await flush()
  await flush()

  expect(statements).toEqual([10])
  expect(counter.stored?.calls).toBe(3)
})

test("a new instance continues from what others have written", async () => {
  const counter = new FakeCounter()
  const before = startInstance(counter.addCalls)
  for (const _ of times(3)) before.count(counter.read(5, 60))
  counter.now += 20_000
  await before.close()

  const after = startInstance(counter.addCalls)

  expect(after.count(counter.read(5, 60))).toMatchObject({ remaining: 1, reset: 40, isRefused: false })
  expect(after.count(counter.read(5, 60))).toMatchObject({ remaining: 0, isRefused: false })
  expect(after.count(counter.read(5, 60))).toMatchObject({ isRefused: true })
})

test("instances that open a window at the same time share it once both have written", async () => {
  const counter = new FakeCounter()
  const [one, two] = [startInstance(counter.addCalls), startInstance(counter.addCalls)]
  one.count(counter.read(10, 60))
  counter.now += 300
  for (const _ of times(4)) two.count(counter.read(10, 60))
  await one.flush()
  counter.now += 200
  await two.flush()

  expect(counter.stored).toMatchObject({ startedAt: 1_000_000, calls: 5 })
  expect(two.count(counter.read(10, 60))).toMatchObject({ remaining: 4, reset: 60 })
  counter.now = 1_060_000
  expect(two.count(counter.read(10, 60))).toMatchObject({ remaining: 9, reset: 60 })
})

test("calls of a window that is over are not written to the next one", async () => {
  const counter = new FakeCounter()
  const [one, two] = [startInstance(counter.addCalls), startInstance(counter.addCalls)]
  for (const _ of times(4)) one.count(counter.read(10, 1))
  counter.now += 1_000
  two.count(counter.read(10, 1))
  await two.flush()
  await one.flush()

  expect(counter.stored).toMatchObject({ startedAt: 1_001_000, calls: 1 })
  expect(one.count(counter.read(10, 1))).toMatchObject({ remaining: 8 })
})

test("a read that shows the calls being written does not count them twice", async () => {
  const counter = new FakeCounter()
  const written = gate()
  const answered = gate()
  const { count, flush } = startInstance(async (calls) => {
    const result = await counter.addCalls(calls)
    written.resolve()
    await answered.promise
    return result
  })
  for (const _ of times(60)) count(counter.read(100, 60))
  const flushing = flush()
  await written.promise

  const during = count(counter.read(100, 60))
  answered.resolve()
  await flushing

  expect(during).toMatchObject({ remaining: 39, isRefused: false })
  expect(count(counter.read(100, 60))).toMatchObject({ remaining: 38 })
  await flush()
  expect(counter.stored?.calls).toBe(62)
})

test("a read from before the last write does not undo it", async () => {
  const counter = new FakeCounter()
  const { count, flush } = startInstance(counter.addCalls)
  const early = counter.read(3, 60)
  for (const _ of times(3)) count(early)
  await flush()
  expect(count(early)).toMatchObject({ isRefused: true })
})

test("calls whose write failed are written with the next one", async () => {
  const counter = new FakeCounter()
  let isOut = true
  const { count, flush, errors } = startInstance(async (calls) => {
    if (isOut) throw new Error("away")
    return counter.addCalls(calls)
  })
  for (const _ of times(2)) count(counter.read(3, 60))
  await flush()
  expect(errors).toEqual([new Error("away")])
  expect(count(counter.read(3, 60))).toMatchObject({ remaining: 0 })
  isOut = false
  await flush()

  expect(counter.stored?.calls).toBe(3)
  expect(count(counter.read(3, 60))).toMatchObject({ isRefused: true })
})

test("a changed limit applies to the window that is open", async () => {
  const counter = new FakeCounter()
  const { count, flush } = startInstance(counter.addCalls)
  for (const _ of times(5)) count(counter.read(5, 86_400))
  await flush()
  counter.now += 90_000

  expect(count(counter.read(5, 86_400))).toMatchObject({ isRefused: true })
  expect(count(counter.read(6, 86_400))).toMatchObject({ remaining: 0, isRefused: false })
  expect(count(counter.read(3, 86_400))).toMatchObject({ remaining: 0, isRefused: true })
  expect(count(counter.read(3, 60))).toMatchObject({ remaining: 2, isRefused: false })
})

test("another instance's newer window replaces a used-up one", async () => {
  const counter = new FakeCounter()
  const [one, two] = [startInstance(counter.addCalls), startInstance(counter.addCalls)]
  for (const _ of times(5)) one.count(counter.read(5, 60))
  await one.flush()
  counter.now += 20_000
  // For a moment the window was shorter, and over.
  two.count(counter.read(5, 10))
  await two.flush()

  expect(one.count(counter.read(5, 60))).toMatchObject({ remaining: 3, reset: 60, isRefused: false })
})

test("a database whose clock is behind, such as a standby that took over, blocks no key", async () => {
  const counter = new FakeCounter()
  const { count, flush } = startInstance(counter.addCalls)
  count(counter.read(1, 60))
  await flush()
  counter.now -= 3_600_000
  expect(count(counter.read(1, 60))).toMatchObject({ reset: 60, isRefused: false })
  await flush()
  expect(count(counter.read(1, 60))).toMatchObject({ reset: 60, isRefused: true })
})

test("the number of windows in memory is bounded, and the oldest is forgotten first", async () => {
  const counter = new FakeCounter()
  const { count } = startInstance(async () => [], { maxWindows: 2 })
  const countFor = (counterId: string) => count({ ...counter.read(1, 60), counterId })
  for (const counterId of ["old", "young", "other"]) countFor(counterId)
  expect(countFor("young")).toMatchObject({ isRefused: true })
  expect(countFor("old")).toMatchObject({ isRefused: false })
})

test("whatever the order of reads and writes, no call is refused below the limit, and only calls that are not written yet exceed it", async () => {
  const LIMIT = 8
  const step = fc.record({
    instance: fc.integer({ min: 0, max: 2 }),
    act: fc.constantFrom("read", "decide", "decide", "flush", "commit", "answer"),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 90 }), async (steps) => {
      const counter = new FakeCounter()
      const instances = times(3).map(() => startHeld(counter))
      const accepted = () => instances.reduce((sum, one) => sum + one.accepted, 0)

      async function take({ instance, act }: (typeof steps)[number]) {
        const acting = instances[instance]
        if (!acting) return
        counter.now += 1
        if (act === "read") {
          const others = instances.filter((one) => one !== acting)
          const unwritten = others.reduce((sum, one) => sum + one.accepted - one.committed, 0)
          acting.reads.push({
            key: counter.read(LIMIT, 60),
            ofOthers: accepted() - acting.accepted,
            unwritten,
          })
        } else if (act === "decide") {
          const read = acting.reads.shift()
          if (!read) return
          const before = accepted()
          const known = acting.accepted - acting.inFlight + read.ofOthers - read.unwritten
          const { isRefused } = acting.limiter.count(read.key)
          if (isRefused) expect(before).toBeGreaterThanOrEqual(LIMIT)
          else expect(known).toBeLessThan(LIMIT)
          if (!isRefused) acting.accepted++
        } else if (act === "flush") void acting.limiter.flush()
        else if (act === "commit") acting.commits.shift()?.()
        else acting.answers.shift()?.()
        await new Promise(setImmediate)
      }

      try {
        for (const one of steps) await take(one)
      } finally {
        for (const { release } of instances) release()
        await Promise.all(instances.map(({ limiter }) => limiter.close()))
      }
      expect(counter.stored?.calls ?? 0).toBe(accepted())
    }),
    { numRuns: 100 },
  )
})

/** An instance whose writes reach the database, and are answered, when the test says so. */
function startHeld(counter: FakeCounter) {
  const commits: (() => void)[] = []
  const answers: (() => void)[] = []
  const instance = {
    accepted: 0,
    /** Calls of its own that are in the database. */
    committed: 0,
    /** Calls of its own that are being written, as far as it knows. */
    inFlight: 0,
    reads: [] as { key: ReturnType<FakeCounter["read"]>; ofOthers: number; unwritten: number }[],
    commits,
    answers,
    release() {
      for (const open of [...commits.splice(0), ...answers.splice(0)]) open()
      isReleased = true
    },
    limiter: startInstance(
      async (calls) => {
        const [committing, answering] = [gate(), gate()]
        const sent = calls.reduce((sum, { calls: own }) => sum + own, 0)
        instance.inFlight = sent
        if (!isReleased) {
          commits.push(committing.resolve)
          answers.push(answering.resolve)
          await committing.promise
        }
        const result = await counter.addCalls(calls)
        instance.committed += sent
        if (!isReleased) await answering.promise
        instance.inFlight = 0
        return result
      },
      { maxWindows: 10 },
    ),
  }
  let isReleased = false
  return instance
}
