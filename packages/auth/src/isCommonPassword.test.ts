import { expect, test } from "vitest"
import { isCommonPassword } from "./isCommonPassword.ts"

test.each([
  "123456789012",
  "098765432109",
  "password1234",
  "Password123!",
  "PASSWORD2026!!",
  "qwertyuiop12",
  "1q2w3e4r5t6y",
  "1Q2W3E4R5T6Y",
  "aaaaaaaaaaaa",
  "abcabcabcabc",
  "passwordpassword",
  "sonyericsson",
  "margarita2026!",
  "Latchkey2026!",
  "latch-key_2026",
  "latchkeylatchkey",
  "My API key 1",
  "administrator",
])("%s is common", (password) => {
  expect(isCommonPassword(password)).toBe(true)
})

test.each([
  "correct horse battery staple",
  "a-long-enough-password",
  "the latchkey is under the mat",
  "tR5!kd9#mPq2",
  "917364550281",
  "9173-dog-6455!",
  "пароль-из-головы",
])("%s is not", (password) => {
  expect(isCommonPassword(password)).toBe(false)
})
