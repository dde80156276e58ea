import type { Auth } from "@latchkey/auth"
import { expect, test } from "vitest"
import { createHandler } from "../createHandler.ts"
import { openSource } from "./context.ts"

const app = createHandler({
  auth: openSource({ passwords: "on" } as Auth),
  log: { isLevelEnabled: () => false, info() {}, warn() {}, error() {} },
  observer: null,
  checkReady: async () => null,
  corsOrigins: [],
  dashboard: null,
  trustProxy: 0,
  mountedAt: null,
})

test.each(["GET", "POST"])("a streamed response to %s has no header that HTTP/2 forbids", async (method) => {
  const response = await app.request(
    "/trpc/unknown?batch=1",
    {
      method,
      headers: { "trpc-accept": "application/jsonl", "content-type": "application/json" },
      ...(method === "POST" && { body: "{}" }),
    },
    {},
  )
  expect(response.headers.get("transfer-encoding")).toBeNull()
  expect(await response.text()).toContain("NOT_FOUND")
})
