import { afterEach, expect, test, vi } from "vitest"
import { gate } from "../../test/createTestAuth.ts"
import { createFairQueue, type FairQueue } from "./fairQueue.ts"

afterEach(() => vi.useRealTimers())

const LIMITS = {
  places: 6,
  placesPerClient: 3,
  callsPerRequest: 2,
  maxWaiting: 1_000,
  patience: 60_000,
  maxRest: 0,
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

const refusal = { reason: "UNAVAILABLE", retryAfter: 1 }

/** Calls that record when they begin and end when the test ends them. */
function createCalls(queue: FairQueue) {
  const begun: { client: string; end(): void }[] = []
  /** Sends a request with `count` calls. */
  const send = (client: string, count = 1, runQueued = queue.forRequest(), lane?: string) =>
    Array.from({ length: count }, () =>
      runQueued(
        client,
        async () => {
          const { promise, resolve } = gate()
          begun.push({ client, end: resolve })
          await promise
          return client
        },
        lane,
      ),
    )
  const clients = () => begun.map(({ client }) => client)
  /** Ends the running calls, oldest first, until none is left. */
  async function endAll() {
    for (let next = begun.shift(); next; next = begun.shift()) {
      next.end()
      await settled()
    }
  }
  return { begun, send, clients, endAll }
}

test("400 waiting calls of one client do not delay another client's call", async () => {
  const queue = createFairQueue(LIMITS)
  const { send, clients, endAll } = createCalls(queue)
  const flood = Array.from({ length: 400 }, () => send("flood")).flat()
  const [single] = send("single")
  await settled()

  expect(clients()).toEqual(["flood", "flood", "flood", "single"])
  expect(queue.usage()).toEqual({ running: 4, waiting: 397, refused: 0 })
  await endAll()
  expect(await single).toBe("single")
  expect(await Promise.all(flood)).toHaveLength(400)
  expect(queue.usage()).toEqual({ running: 0, waiting: 0, refused: 0 })
})

test("if all places are taken, a call waits for at most one call of each client", async () => {
  const queue = createFairQueue(LIMITS)
  const { begun, send, clients, endAll } = createCalls(queue)
  const floods = ["a", "b", "c", "d"].flatMap((client) =>
    Array.from({ length: 100 }, () => send(client)).flat(),
  )
  const [single] = send("single")
  await settled()

  for (let ended = 0; !clients().includes("single"); ended++) {
    expect(ended).toBeLessThan(5)
    begun.shift()?.end()
    await settled()
  }
  await endAll()
  expect(await single).toBe("single")
  await Promise.all(floods)
})

test("a batch's calls wait for each other and share the client's places with its other requests", async () => {
  const queue = createFairQueue({ ...LIMITS, placesPerClient: 2 })
  const { begun, send, endAll } = createCalls(queue)
  const batch = send("office", 20)
  const [other] = send("office")
  await settled()
  expect(queue.usage()).toMatchObject({ running: 2, waiting: 1 })

  begun.shift()?.end()
  await settled()
  expect(queue.usage()).toMatchObject({ running: 2, waiting: 1 })
  // The other request has waited longer than the batch's third call, so it begins first.
  begun.pop()?.end()
  expect(await other).toBe("office")
  await endAll()
  expect(await Promise.all(batch)).toHaveLength(20)
})

test("a call that fails, immediately or later, frees its place", async () => {
  const queue = createFairQueue({ ...LIMITS, places: 1 })
  const runQueued = queue.forRequest()
  const failures = [
    runQueued("a", () => {
      throw new Error("at once")
    }),
    runQueued("a", () => Promise.reject(new Error("later"))),
    runQueued("b", async () => "done"),
  ]
  expect(await Promise.allSettled(failures)).toMatchObject([
    { reason: { message: "at once" } },
    { reason: { message: "later" } },
    { value: "done" },
  ])
  expect(queue.usage()).toEqual({ running: 0, waiting: 0, refused: 0 })
})

test("a full queue refuses calls but still has room for a client with none waiting", async () => {
  const queue = createFairQueue({ ...LIMITS, places: 1, maxWaiting: 100 })
  const { send, clients, endAll } = createCalls(queue)
  const flood = Array.from({ length: 200 }, () => send("flood")).flat()
  const outcomes = Promise.allSettled(flood)
  const [single] = send("single")
  await settled()

  expect(clients()).toEqual(["flood"])
  const { waiting, refused } = queue.usage()
  expect(waiting).toBeLessThan(100)
  expect(waiting + refused).toBe(200)
  await endAll()
  expect(await single).toBe("single")
  const refusals = (await outcomes).filter(({ status }) => status === "rejected")
  expect(refusals).toHaveLength(refused)
  expect(refusals[0]).toMatchObject({ reason: refusal })
  expect(queue.usage()).toEqual({ running: 0, waiting: 0, refused })
})

test("a call that waits too long is refused and never begins", async () => {
  vi.useFakeTimers()
  const queue = createFairQueue({ ...LIMITS, places: 1, patience: 2_000 })
  const { begun, send } = createCalls(queue)
  const [running, ...ownBatch] = send("a", 4)
  const [other] = send("b")
  const outcomes = Promise.allSettled([...ownBatch, other])
  await vi.advanceTimersByTimeAsync(2_001)
  begun[0]?.end()
  expect(await running).toBe("a")

  expect(await outcomes).toEqual(
    Array.from({ length: 4 }, () => ({ status: "rejected", reason: expect.objectContaining(refusal) })),
  )
  expect(begun).toHaveLength(1)
  expect(queue.usage()).toEqual({ running: 0, waiting: 0, refused: 4 })
  expect(vi.getTimerCount()).toBe(0)
})

test("a busy client's place rests between its calls, and other clients' calls begin meanwhile", async () => {
  vi.useFakeTimers()
  const queue = createFairQueue({ ...LIMITS, places: 1, placesPerClient: 1, maxRest: 20 })
  const { begun, send, clients } = createCalls(queue)
  for (let i = 0; i < 3; i++) send("busy")
  await vi.advanceTimersByTimeAsync(5)
  begun.shift()?.end()
  await vi.advanceTimersByTimeAsync(4)
  expect(clients()).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(clients()).toEqual(["busy"])

  await vi.advanceTimersByTimeAsync(1_000)
  send("other")
  begun.shift()?.end()
  await vi.advanceTimersByTimeAsync(0)
  expect(clients()).toEqual(["other"])
  begun.shift()?.end()
  await vi.advanceTimersByTimeAsync(20)
  expect(clients()).toEqual(["busy"])
  begun.shift()?.end()
  await vi.advanceTimersByTimeAsync(0)
  expect(queue.usage()).toEqual({ running: 0, waiting: 0, refused: 0 })
  expect(vi.getTimerCount()).toBe(0)
})

test("a client's lanes take turns, have room beside a flood in one, and share one client's places", async () => {
  const queue = createFairQueue({ ...LIMITS, maxWaiting: 100 })
  const { begun, send, endAll } = createCalls(queue)
  const stolen = Array.from({ length: 200 }, () => send("user", 1, queue.forRequest(), "stolen")).flat()
  const outcomes = Promise.allSettled(stolen)
  const [own] = send("user", 1, queue.forRequest(), "own")
  await settled()
  const ownEnded = vi.fn()
  own?.then(ownEnded, () => {})
  expect(begun).toHaveLength(3)

  // The places are given to the stolen session, then the owner's, and then the stolen one again.
  for (let ended = 0; ended < 3; ended++) {
    begun.shift()?.end()
    await settled()
    expect(begun).toHaveLength(3)
  }
  for (const call of begun.splice(0)) call.end()
  await settled()
  expect(ownEnded).toHaveBeenCalledWith("user")
  await endAll()
  await outcomes
  expect(queue.usage()).toMatchObject({ running: 0, waiting: 0 })
})

test("calls that have left their places keep only their own client's share", async () => {
  const queue = createFairQueue(LIMITS)
  const { send, clients, endAll } = createCalls(queue)
  const held = gate()
  const leave = (client: string) =>
    queue.forRequest()(client, async (leavePlace) => {
      leavePlace()
      leavePlace()
      await held.promise
    })
  const waiting = ["one", "two", "three", "four"].flatMap((name) => [leave(name), leave(name), leave(name)])
  await settled()
  expect(queue.usage()).toEqual({ running: 0, waiting: 0, refused: 0 })

  const others = [...send("other"), ...send("one")]
  await settled()
  expect(clients()).toEqual(["other"])
  held.resolve()
  await Promise.all(waiting)
  await settled()
  expect(clients()).toEqual(["other", "one"])
  await endAll()
  await Promise.all(others)
  expect(queue.usage()).toEqual({ running: 0, waiting: 0, refused: 0 })
})

test("a call that leaves its place lets the next one begin", async () => {
  const queue = createFairQueue({ ...LIMITS, places: 1 })
  const held = gate()
  const first = queue.forRequest()("first", async (leavePlace) => {
    await settled()
    leavePlace()
    await held.promise
  })
  await queue.forRequest()("second", async () => {})
  held.resolve()
  await first
  expect(queue.usage().running).toBe(0)
})
