import { IncomingMessage, ServerResponse } from "node:http"
import { Socket } from "node:net"
import { expect, test, vi } from "vitest"
import { createLatchkeyServer } from "../index.ts"
import type { LatchkeyServer } from "../types.ts"
import * as express from "./express.ts"
import * as fastify from "./fastify.ts"
import * as hono from "./hono.ts"
import * as next from "./next.ts"
import * as node from "./node.ts"

// Opens nothing.
const latchkey: LatchkeyServer = createLatchkeyServer({
  databaseUrl: "postgres://localhost/product",
  secret: "0123456789abcdef0123456789abcdef",
  scopes: ["reports:read"],
  identify: async () => null,
})

test.each(Object.entries({ express, fastify, hono, next, node }))(
  "a guard of %s refuses at construction what was not declared",
  (_, { guard }) => {
    expect(() => guard(latchkey, { scope: "reports:raed" })).toThrow(
      'scope: "reports:raed" is not among the option scopes',
    )
    expect(() => guard(latchkey, { scope: ["reports:read", "reports:write"] })).toThrow('"reports:write"')
    expect(() => guard(latchkey, { via: "cookie" as "host" })).toThrow('via: expected "jwt"')
    expect(() => guard(latchkey, { scope: "reports:read", via: "apiKey" })).not.toThrow()
  },
)

test("an error in Express's `trust proxy` is passed on, because Express 4 does not wait for the guard", async () => {
  const error = new TypeError("not an address")
  const request = Object.defineProperty(new IncomingMessage(new Socket()), "ip", {
    get() {
      throw error
    },
  })
  const next = vi.fn()
  await express.guard(latchkey)(request, new ServerResponse(request), next)
  expect(next.mock.calls).toEqual([[error]])
})
