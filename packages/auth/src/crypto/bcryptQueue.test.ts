import bcrypt from "bcrypt"
import { expect, test, vi } from "vitest"
import { AuthError } from "../errors.ts"
import { createBcryptQueue } from "./bcryptQueue.ts"

test("a full queue refuses more calls as unavailable and completes the others", async () => {
  const queue = createBcryptQueue({ cost: 10, concurrency: 1, maxWaiting: 2 })
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => queue.hash("text")))

  const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []))
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3)
  for (const error of refused) {
    expect(error).toBeInstanceOf(AuthError)
    expect(error).toMatchObject({ reason: "UNAVAILABLE", retryAfter: 1 })
  }
})

test("the slot rests after a mismatch but not after a match, and neither answer is delayed", async () => {
  const longRest = 1_000_000
  const queue = createBcryptQueue({ cost: 10, concurrency: 1, maxWaiting: 2, restAfterMismatch: longRest })
  const hash = await queue.hash("text")
  expect(await queue.compare("text", hash)).toBe(true)
  expect(await queue.compare("other", hash)).toBe(false)

  const answered = vi.fn()
  void queue.compare("text", hash).then(answered)
  await bcrypt.hash("longer than a comparison would take", 11)
  expect(answered).not.toHaveBeenCalled()
})

test.each([["x".repeat(73)], ["é".repeat(37)], ["before\0after"]])(
  "text %# is refused, because bcrypt would ignore part of it",
  async (text) => {
    const queue = createBcryptQueue({ cost: 10, concurrency: 1, maxWaiting: 2 })
    await expect(queue.hash(text)).rejects.toThrow(RangeError)
    await expect(queue.compare(text, queue.dummyHash)).rejects.toThrow(RangeError)
  },
)
