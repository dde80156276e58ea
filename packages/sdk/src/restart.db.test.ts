import { createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { register, startServer } from "../test/startServer.ts"
import { createLatchkey, LatchkeyError } from "./index.ts"

test("when the server is killed and restarted during 200 calls, none hangs and every error has a reason", async ({
  annotate,
}) => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  const first = await startServer({ databaseUrl: database.url })
  const { accessToken, user } = await register(first.url)
  const timeout = 5_000
  const latchkey = createLatchkey({ baseUrl: first.url, accessToken, timeout })

  const answered: string[] = []
  const failed: unknown[] = []
  let longest = 0
  let killed: Promise<void> | undefined
  async function callOnce() {
    const startedAt = performance.now()
    try {
      answered.push((await latchkey.auth.me()).id)
    } catch (error) {
      failed.push(error)
    }
    longest = Math.max(longest, performance.now() - startedAt)
    if (answered.length === 50) killed ??= first.kill()
  }
  // Ten at a time, so that some are in flight when the server is killed.
  let remaining = 200
  async function callRepeatedly() {
    while (remaining-- > 0) await callOnce()
  }
  const calls = Promise.all(Array.from({ length: 10 }, callRepeatedly))
  while (!killed) await Promise.race([calls, new Promise(setImmediate)])
  await killed
  await using second = await startServer({ databaseUrl: database.url, PORT: new URL(first.url).port })
  await calls

  await annotate(
    `${answered.length} succeeded, ${failed.length} failed, the longest took ${Math.round(longest)} ms`,
  )
  expect(answered.length + failed.length).toBe(200)
  for (const error of failed) {
    expect(error).toBeInstanceOf(LatchkeyError)
    expect(["NETWORK", "TIMEOUT", "UNAVAILABLE"]).toContain((error as LatchkeyError).reason)
  }
  expect(new Set(answered)).toEqual(new Set([user.id]))
  expect(await latchkey.auth.me()).toMatchObject({ id: user.id })
  expect(await second.count("/trpc/auth.me")).toBeGreaterThan(0)
})
