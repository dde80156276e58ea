import { expect, test } from "vitest"
import * as express from "./adapters/express.ts"
import * as fastify from "./adapters/fastify.ts"
import * as hono from "./adapters/hono.ts"
import * as next from "./adapters/next.ts"
import * as node from "./adapters/node.ts"
import * as index from "./index.ts"
import * as testing from "./testing.ts"

test("the exported names", () => {
  const entries = { index, express, fastify, hono, next, node, testing }
  const names = Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, Object.keys(entry).sort()]),
  )
  expect(names).toEqual({
    index: ["OptionsError", "createLatchkeyServer"],
    express: ["guard", "latchkeyHandler"],
    fastify: ["guard", "latchkeyHandler"],
    hono: ["guard", "latchkeyHandler"],
    next: ["guard", "latchkeyHandler"],
    node: ["guard", "latchkeyHandler"],
    testing: ["createTestLatchkey", "listUnscopedProcedures"],
  })
})
