import { expect, test } from "vitest"
import { requireInstalled } from "./requireInstalled.ts"

test("names what to install", () => {
  requireInstalled("database", ["fs-native-extensions"])
  expect(() =>
    requireInstalled("database", ["no-such-package", "fs-native-extensions", "@no/such-package"]),
  ).toThrow(
    "database: expected packages that are not installed; run npm install no-such-package @no/such-package",
  )
})
