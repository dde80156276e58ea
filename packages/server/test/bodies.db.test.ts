import { expect, inject, test } from "vitest"
import { startLatchkey } from "./startLatchkey.ts"

test.each([
  ["65536", 401],
  ["65537", 413],
])(
  "a body with a declared length of %s is never turned into a stream, which costs more than a call",
  async (length, status) => {
    await using started = await startLatchkey(inject("postgresUrl"))
    const headers = { "content-type": "application/json", "content-length": length }
    const url = "http://localhost/latchkey/auth/apikeys"
    const request = new Request(url, { method: "POST", headers, body: '{"label":"x"}' })
    let isStreamed = false
    Object.defineProperty(request, "body", {
      get() {
        isStreamed = true
        return null
      },
    })

    expect((await started.latchkey.fetch(request)).status).toBe(status)
    expect(isStreamed).toBe(false)
  },
)
