import { expect, inject, onTestFinished, test } from "vitest"
import { newKey, rest, startLatchkey } from "../../test/startLatchkey.ts"

function throwing(): never {
  throw new Error("the worker has exited")
}

async function rejecting(): Promise<void> {
  throw new Error("the log service can't be reached")
}

test.each([
  ["throws, as some do once they are closed,", throwing],
  ["rejects, as asynchronous ones can,", rejecting],
])("a logger that %s changes no response, and does not end the process", async (_, fail) => {
  const rejections: unknown[] = []
  const note = (error: unknown) => void rejections.push(error)
  process.on("unhandledRejection", note)
  onTestFinished(() => void process.off("unhandledRejection", note))
  await using started = await startLatchkey(inject("postgresUrl"), {
    logger: { isLevelEnabled: throwing, info: fail, warn: fail, error: fail },
    identify: throwing,
  })
  const { latchkey } = started

  const { key } = await newKey(latchkey)
  expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  expect(await latchkey.authenticate({})).toMatchObject({ ok: false, status: 503 })
  expect((await rest(latchkey, "GET", "/auth/me")).status).toBe(503)
  expect(rejections).toEqual([])
})
