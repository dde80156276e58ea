import { expect, test } from "vitest"
import { createReadiness } from "./createReadiness.ts"

/** Database checks that the test completes by hand. */
function gatedChecks() {
  const begun: { answer: () => void; fail: (error: Error) => void }[] = []
  const readiness = createReadiness(() => new Promise<void>((answer, fail) => begun.push({ answer, fail })))
  return { begun, check: readiness.check }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test("400 concurrent calls share one check, and none gets the result of a check that began earlier", async () => {
  const { begun, check } = gatedChecks()
  const first = check()
  await settled()
  const flood = Array.from({ length: 400 }, check)
  await settled()
  expect(begun).toHaveLength(1)

  begun[0]?.answer()
  expect(await first).toBeNull()
  await settled()
  expect(begun).toHaveLength(2)
  const gone = new Error("gone")
  begun[1]?.fail(gone)
  for (const answer of await Promise.all(flood)) {
    expect(answer).toEqual({ message: "The database does not answer.", error: gone })
  }

  const later = check()
  await settled()
  begun[2]?.answer()
  expect(await later).toBeNull()
})
