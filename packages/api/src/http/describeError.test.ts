import { DatabaseUnavailable } from "@latchkey/auth"
import { expect, test } from "vitest"
import { describeError } from "./describeError.ts"

test("the log does not contain the parameters in a database error", () => {
  const secret = "ada@example.com"
  const cause = Object.assign(new Error(`Key (email)=(${secret}) already exists.`), {
    code: "23505",
    detail: secret,
  })
  const error = new Error(`Failed query: insert into users params: ${secret}`, { cause })

  const described = describeError(error)

  expect(JSON.stringify(described)).not.toContain(secret)
  expect(described).toMatchObject({ type: "Error", cause: { code: "23505" } })
  expect(described.at?.[0]).toContain("describeError.test.ts")
})

test("Latchkey's own errors keep their message and the code of their cause", () => {
  const cause = Object.assign(new Error("connect to 10.0.0.1"), { code: "ECONNREFUSED" })
  const described = describeError(new DatabaseUnavailable("no answer", { cause }))

  expect(described).toMatchObject({ message: "no answer", cause: { type: "Error", code: "ECONNREFUSED" } })
  expect(described.cause).not.toHaveProperty("message")
})
