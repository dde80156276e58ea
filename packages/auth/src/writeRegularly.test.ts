import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { gate } from "../test/createTestAuth.ts"
import { writeRegularly } from "./writeRegularly.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test("writes at each interval, but not while a write is in progress", async () => {
  const slow = gate()
  const write = vi.fn(async () => {})
  write.mockImplementationOnce(() => slow.promise)
  const { close } = writeRegularly(write, 1_000)

  await vi.advanceTimersByTimeAsync(10_500)
  expect(write).toHaveBeenCalledTimes(1)
  slow.resolve()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(write).toHaveBeenCalledTimes(3)
  await close()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(write).toHaveBeenCalledTimes(4)
})

test("a flush writes what was collected before it, after a write in progress", async () => {
  const slow = gate()
  let gathered = 1
  const written: number[] = []
  const { flush, close } = writeRegularly(async () => {
    const part = gathered
    gathered = 0
    if (part === 1) await slow.promise
    written.push(part)
  }, 1_000)

  const first = flush()
  await vi.advanceTimersByTimeAsync(0)
  gathered = 2
  const second = flush()
  slow.resolve()
  await Promise.all([first, second])

  expect(written).toEqual([1, 2])
  await close()
})
