import { TRPCError } from "@trpc/server"
import { observable } from "@trpc/server/observable"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { watchCaller, watchStream } from "./watchStream.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const unavailable = new TRPCError({ code: "SERVICE_UNAVAILABLE" })

test("a caller who is refused ends the stream at the next verification", async () => {
  const refused = new TRPCError({ code: "UNAUTHORIZED" })
  const { ended } = watchCaller(vi.fn().mockResolvedValueOnce(undefined).mockRejectedValue(refused))
  const caught = ended.catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await caught).toBe(refused)
})

test("without a verdict, the stream continues for 30 s", async () => {
  const verify = vi.fn().mockRejectedValue(unavailable)
  const onEnd = vi.fn()
  const { ended } = watchCaller(verify)
  ended.catch(onEnd)
  await vi.advanceTimersByTimeAsync(29_000)
  expect(onEnd).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(onEnd).toHaveBeenCalledWith(unavailable)
})

test("a verdict in between restarts the 30 s, and closing stops the verifications", async () => {
  const verify = vi.fn().mockRejectedValue(unavailable)
  const onEnd = vi.fn()
  const { ended, close } = watchCaller(verify)
  ended.catch(onEnd)
  await vi.advanceTimersByTimeAsync(20_000)
  verify.mockResolvedValueOnce(undefined)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(onEnd).not.toHaveBeenCalled()
  close()
  verify.mockClear()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(verify).not.toHaveBeenCalled()
})

test("a verification that does not settle gives no verdict", async () => {
  const { ended } = watchCaller(() => new Promise(() => {}))
  const caught = ended.catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(await caught).toMatchObject({ code: "SERVICE_UNAVAILABLE" })
})

test("the caller of a stream that nobody reads is not verified, nor that of one whose request has ended", async () => {
  const verify = vi.fn().mockResolvedValue(undefined)
  const ended = new AbortController()
  const stream = watchStream(endless(), verify, {
    type: "query",
    signal: ended.signal,
  }) as AsyncIterable<string>
  await vi.advanceTimersByTimeAsync(60_000)
  expect(verify).not.toHaveBeenCalled()

  const reader = stream[Symbol.asyncIterator]()
  expect(await reader.next()).toEqual({ done: false, value: "line" })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(verify).toHaveBeenCalledOnce()
  ended.abort()
  await reader.next()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(verify).toHaveBeenCalledOnce()
})

test.each([
  ["a generator", (onEnd: () => void) => endless(onEnd)],
  [
    "an observable",
    (onEnd: () => void) =>
      observable((observer) => {
        observer.next("line")
        return onEnd
      }),
  ],
])("%s ends when its caller is refused, even if nobody reads on", async (_, create) => {
  const onEnd = vi.fn()
  const refused = new TRPCError({ code: "UNAUTHORIZED" })
  const stream = watchStream(create(onEnd), vi.fn().mockRejectedValue(refused), {
    type: "subscription",
    signal: undefined,
  }) as AsyncIterable<string>
  const reader = stream[Symbol.asyncIterator]()
  expect(await reader.next()).toEqual({ done: false, value: "line" })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(onEnd).toHaveBeenCalledOnce()
  await expect(reader.next()).rejects.toBe(refused)
})

test("data that only looks like an observable is returned as it is", () => {
  const data = { subscribe: true }
  expect(watchStream(data, vi.fn(), { type: "query", signal: undefined })).toBe(data)
})

async function* endless(onEnd?: () => void) {
  try {
    while (true) yield "line"
  } finally {
    onEnd?.()
  }
}
