import { createHmac } from "node:crypto"
import { expect, test } from "vitest"
import { createBcryptQueue } from "../crypto/bcryptQueue.ts"
import { comparePassword, hashPassword, passwordProblem } from "./password.ts"

const bcrypt = createBcryptQueue({ cost: 4, concurrency: 2, maxWaiting: 10 })

test.each([
  ["eleven byte", "must have at least 12 bytes"],
  ["ключикъ", "must have at least 8 characters"],
  ["🔑🚪🗝", "must have at least 8 characters"],
  ["x7".repeat(512).concat("y"), "must have at most 1024 bytes"],
  ["lone surrogate \ud800", "must be valid Unicode"],
  ["password1234", "is among the most common passwords"],
])("password %# is rejected", (password, problem) => {
  expect(passwordProblem(password)).toBe(problem)
})

test.each(["twelve bytes", "ключ дом", `${"x7y".repeat(341)}z`, "NUL \0 is a byte"])(
  "password %# is accepted",
  (password) => {
    expect(passwordProblem(password)).toBeNull()
  },
)

test("every byte counts, even after 72 bytes or a NUL", async () => {
  const long = "x".repeat(1023)
  const hash = await hashPassword(bcrypt, `${long}1`)
  expect(await comparePassword(bcrypt, `${long}1`, hash)).toBe("current")
  expect(await comparePassword(bcrypt, `${long}2`, hash)).toBe("none")

  const withNul = await hashPassword(bcrypt, "before\0after the NUL")
  expect(await comparePassword(bcrypt, "before\0after the NUL", withNul)).toBe("current")
  expect(await comparePassword(bcrypt, "before\0something else", withNul)).toBe("none")
})

test("a lone surrogate does not match the replacement character", async () => {
  const hash = await hashPassword(bcrypt, "replaced: \ufffd")
  expect(await comparePassword(bcrypt, "replaced: \ud800", hash)).toBe("none")
})

const DECOMPOSED = ["mot de passe trouvé", "Пароль с буквой й", "한글로 만든 열쇠말"].map((text) =>
  text.normalize("NFD"),
)

test.each(DECOMPOSED)("%s matches itself, composed and decomposed", async (decomposed) => {
  const composed = decomposed.normalize("NFC")
  expect(decomposed).not.toBe(composed)
  expect(await comparePassword(bcrypt, decomposed, await hashPassword(bcrypt, composed))).toBe("current")
  expect(await comparePassword(bcrypt, composed, await hashPassword(bcrypt, decomposed))).toBe("current")
})

test.each(DECOMPOSED)(
  "%s still matches the hash that an earlier version made of it as typed",
  async (typed) => {
    const condensed = createHmac("sha256", "latchkey/password/v1").update(typed, "utf8").digest("base64url")
    const former = await bcrypt.hash(condensed)
    expect(await comparePassword(bcrypt, typed, former)).toBe("outdated")
    expect(await comparePassword(bcrypt, `${typed}!`, former)).toBe("none")
  },
)

test("lengths are measured in the composed form, however the password was typed", async () => {
  const longest = "한".repeat(341)
  expect(passwordProblem(`${longest}x`.normalize("NFD"))).toBe(null)
  expect(passwordProblem(`${longest}xy`.normalize("NFD"))).toBe("must have at most 1024 bytes")
  const hash = await hashPassword(bcrypt, `${longest}x`)
  expect(await comparePassword(bcrypt, `${longest}x`.normalize("NFD"), hash)).toBe("current")
  // Seven characters, typed as fourteen code points of 28 bytes.
  expect(passwordProblem("й".repeat(7).normalize("NFD"))).toBe("must have at least 8 characters")
})

test("the dummy hash matches nothing, at the cost of a real hash", async () => {
  expect(await bcrypt.compare("", bcrypt.dummyHash)).toBe(false)
  expect(bcrypt.dummyHash.slice(0, 7)).toBe((await bcrypt.hash("x")).slice(0, 7))
  expect(bcrypt.dummyHash).toHaveLength(60)
})
