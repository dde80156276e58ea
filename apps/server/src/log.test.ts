import { expect, test } from "vitest"
import { describeError } from "./log.ts"

test("what a database error repeats of its parameters stays out of the log", () => {
  const secret = "ada@example.com"
  const cause = Object.assign(new Error(`Key (email)=(${secret}) already exists.`), {
    code: "23505",
    detail: secret,
  })
  const error = new Error(`Failed query: insert into users params: ${secret}`, { cause })

  const described = describeError(error)

  expect(JSON.stringify(described)).not.toContain(secret)
  expect(described).toMatchObject({ type: "Error", cause: { code: "23505" } })
  expect(described.at?.[0]).toContain("log.test.ts")
})

test("a mistake of our own says what it is", () => {
  expect(describeError(new TypeError("x is not a function"))).toMatchObject({
    message: "x is not a function",
  })
})
