import { expect, test } from "vitest"
import { createTestLatchkey } from "./testing.ts"

test("a Latchkey in memory supports keys, revocations and outages", async () => {
  const latchkey = createTestLatchkey({ scopes: ["reports:read", "reports:write"] })
  const metadata = { plan: "pro" }
  const key = await latchkey.keyFor({ subject: "org_42", scopes: ["reports:read"], metadata })
  const ask = (scope?: "reports:write") =>
    latchkey.authenticate({ "x-api-key": key }, { ...(scope && { scope }) })

  expect(await ask()).toMatchObject({
    ok: true,
    caller: { subject: "org_42", scopes: ["reports:read"], metadata },
  })
  expect(await ask("reports:write")).toMatchObject({ status: 403 })
  await latchkey.outage(true)
  expect(await ask()).toMatchObject({ status: 503 })
  await latchkey.outage(false)
  expect(await ask()).toMatchObject({ ok: true })
  await latchkey.revoke(key)
  expect(await ask()).toMatchObject({ status: 401 })
  await expect(latchkey.revoke("0".repeat(64))).rejects.toThrow(
    /^revoke: expected a key that keyFor has created$/,
  )
  await latchkey.close()
})
