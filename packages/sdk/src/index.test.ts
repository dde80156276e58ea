import { expect, test } from "vitest"
import * as sdk from "./index.ts"

test("exports what is meant to be imported, and nothing else", () => {
  expect(Object.keys(sdk).sort()).toMatchInlineSnapshot(`
    [
      "LatchkeyError",
      "createLatchkey",
      "isApiKey",
    ]
  `)
})
