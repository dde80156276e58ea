import { expect, test } from "vitest"
import { createBcryptQueue } from "./bcryptQueue.ts"
import { comparePassword, hashPassword, passwordProblem } from "./password.ts"

const bcrypt = createBcryptQueue({ cost: 10, concurrency: 2, maxWaiting: 10 })

test.each([
  ["eleven byte", "must have at least 12 bytes"],
  ["ключикъ", "must have at least 8 characters"],
  ["🔑🚪🗝", "must have at least 8 characters"],
  ["x7".repeat(512).concat("y"), "must have at most 1024 bytes"],
  ["lone surrogate \ud800", "must be valid Unicode"],
  ["password1234", "is among the most common passwords"],
])("%# is refused", (password, problem) => {
  expect(passwordProblem(password)).toBe(problem)
})

test.each(["twelve bytes", "ключ дом", `${"x7y".repeat(341)}z`, "NUL \0 is a byte"])(
  "%# is taken",
  (password) => {
    expect(passwordProblem(password)).toBeNull()
  },
)

test("every byte counts, past bcrypt's 72 and past a NUL", async () => {
  const long = "x".repeat(1023)
  const hash = await hashPassword(bcrypt, `${long}1`)
  expect(await comparePassword(bcrypt, `${long}1`, hash)).toBe(true)
  expect(await comparePassword(bcrypt, `${long}2`, hash)).toBe(false)

  const withNul = await hashPassword(bcrypt, "before\0after the NUL")
  expect(await comparePassword(bcrypt, "before\0after the NUL", withNul)).toBe(true)
  expect(await comparePassword(bcrypt, "before\0something else", withNul)).toBe(false)
})

test("a lone surrogate does not pass for the character that would replace it", async () => {
  const hash = await hashPassword(bcrypt, "replaced: \ufffd")
  expect(await comparePassword(bcrypt, "replaced: \ud800", hash)).toBe(false)
})

test("the decoy matches nothing, at the cost of a real hash", async () => {
  expect(await bcrypt.compare("", bcrypt.decoyHash)).toBe(false)
  expect(bcrypt.decoyHash.slice(0, 7)).toBe((await bcrypt.hash("x")).slice(0, 7))
  expect(bcrypt.decoyHash).toHaveLength(60)
})
