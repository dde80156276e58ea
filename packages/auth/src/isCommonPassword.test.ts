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
])("%s is common", (password) => {
  expect(isCommonPassword(password)).toBe(true)
})

test.each([
  "correct horse battery staple",
  "a-long-enough-password",
  "tR5!kd9#mPq2",
  "917364550281",
  "пароль-из-головы",
])("%s is not", (password) => {
  expect(isCommonPassword(password)).toBe(false)
})
