import { expect, test } from "vitest"
import { findPlaceProblem, isFolder } from "./place.ts"

test.each([
  "/var/lib/log",
  "relative",
  "https://log.company.tld/latchkey",
  "http://127.0.0.1:8080/log",
  "http://[::1]/log",
  "command:ssh host latchkey-log",
])("a place: %s", (place) => {
  expect(findPlaceProblem(place)).toBeUndefined()
})

test.each([
  ["", /expected a directory/],
  ["command: ", /expected a program/],
  ["https://", /expected a URL/],
  ["https://user:hunter2@log.company.tld/", /without credentials/],
  ["https://log.company.tld/?token=hunter2", /without credentials/],
  ["https://log.company.tld/#hunter2", /without credentials/],
  ["http://log.company.tld/", /expected https/],
  ["http://localhost.company.tld/", /expected https/],
])("no place: %s", (place, problem) => {
  expect(findPlaceProblem(place)).toMatch(problem)
  expect(findPlaceProblem(place)).not.toContain("hunter2")
})

test("only paths are resolved", () => {
  const places = ["log", "./https", "https://log.company.tld/", "HTTP://localhost/", "command:log"]
  expect(places.map(isFolder)).toEqual([true, true, false, false, false])
})
