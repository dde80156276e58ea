import { expect, test } from "vitest"
import { createTestAuth } from "../test/createTestAuth.ts"
import type { AuthOptions } from "./authOptions.ts"

test.each<[Partial<AuthOptions>, RegExp]>([
  [{ hostIssuer: "latchkey" }, /^hostIssuer: expected/],
  [{ hostIssuer: "" }, /^hostIssuer: expected/],
  [{ keyPrefix: "Acme" }, /^keyPrefix: expected/],
  [{ keyPrefix: "acme_" }, /^keyPrefix: expected/],
  [{ scopes: ["latchkey:manage"] }, /^scopes: expected/],
])("%j is refused at construction", (options, message) => {
  expect(() => createTestAuth({} as never, options)).toThrow(message)
})
