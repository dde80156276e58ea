import { gate } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { shareRequests } from "./shareRequests.ts"

test("calls of the same tick share a request, and calls with other keys don't", async () => {
  const share = shareRequests<string>()
  const sent: string[] = []
  const ask = (key: string) =>
    share(key, async () => {
      sent.push(key)
      return `answer to ${key}`
    })
  expect(await Promise.all([ask("a"), ask("b"), ask("a"), ask("a")])).toEqual([
    "answer to a",
    "answer to b",
    "answer to a",
    "answer to a",
  ])
  expect(sent).toEqual(["a", "b"])
  await ask("a")
  expect(sent).toEqual(["a", "b", "a"])
})

test("a call is answered by a request that was sent after it was made", async () => {
  const share = shareRequests<number>()
  const gates = [gate(), gate()] as const
  let sent = 0
  const ask = () =>
    share("a", async () => {
      const number = sent++
      await gates[number]?.opened
      return number
    })
  const first = ask()
  await Promise.resolve()
  const [second, third] = [ask(), ask()]
  await Promise.resolve()
  expect(sent).toBe(1)
  gates[0].open()
  expect(await first).toBe(0)
  gates[1].open()
  expect(await Promise.all([second, third])).toEqual([1, 1])
  expect(sent).toBe(2)
})

test("a failure is shared as well, and the next request is sent nevertheless", async () => {
  const share = shareRequests<string>()
  const failing = () => share("a", () => Promise.reject(new Error("no answer")))
  const first = failing()
  await Promise.resolve()
  const second = share("a", async () => "answer")
  await expect(first).rejects.toThrow("no answer")
  expect(await second).toBe("answer")
})
