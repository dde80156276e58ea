import { expect, inject, test } from "vitest"
import { newKey, startLatchkey } from "../../test/startLatchkey.ts"
import { failureOf, startProduct } from "../../test/startProduct.ts"

const serverUrl = inject("postgresUrl")

test("a subscription over SSE ends when its key is revoked", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, revoke } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const response = await fetch(`${product.url}/ticks`, {
    headers: { "x-api-key": key, accept: "text/event-stream" },
  })
  if (!response.body) throw new Error("no body")
  let text = ""
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.includes("begun")) await revoke()
    if (text.includes("serialized-error")) break
  }
  expect(text).toMatch(/"httpStatus":401/)
})

test("a streamed answer of a query ends when its key is revoked", async () => {
  await using started = await startLatchkey(serverUrl)
  const { latchkey } = started
  const { key, revoke } = await newKey(latchkey)
  const product = await startProduct(latchkey)
  const lines = await product.stream({ "x-api-key": key }).lines.query()
  const received: unknown[] = []
  const ended = (async () => {
    for await (const line of lines) {
      received.push(line)
      await revoke()
    }
  })()
  expect(await failureOf(ended)).toMatchObject({ status: 401 })
  expect(received).toEqual(["begun"])
})
