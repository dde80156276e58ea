import { expect, test } from "vitest"
import * as sdk from "./index.ts"

test("the package exports only its public API", () => {
  expect(Object.keys(sdk).sort()).toMatchInlineSnapshot(`
    [
      "LatchkeyError",
      "createLatchkey",
      "isApiKey",
    ]
  `)
})
