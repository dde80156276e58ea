import { expect, test } from "vitest"
import * as express from "./express.ts"
import * as fastify from "./fastify.ts"
import * as hono from "./hono.ts"
import * as index from "./index.ts"
import * as next from "./next.ts"
import * as node from "./node.ts"
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
