import { randomUUID } from "node:crypto"
import { expect, test, vi } from "vitest"
import { newSecret } from "../../test/createTestAuth.ts"
import { createKeyring } from "../crypto/keyring.ts"
import { signAccessToken } from "./accessToken.ts"
import { createVerifyAccessToken } from "./createVerifyAccessToken.ts"

const keyring = createKeyring({ current: newSecret() })
const newClaims = () => ({ userId: randomUUID(), sessionId: randomUUID() })
const sign = async (claims = newClaims(), ttl = 60) =>
  (await signAccessToken(keyring, claims, ttl)).accessToken

test("a remembered token has the same claims as before", async () => {
  const verify = createVerifyAccessToken(keyring)
  const claims = newClaims()
  const token = await sign(claims)
  expect(await verify(token)).toMatchObject(claims)
  expect(await verify(token)).toMatchObject(claims)
  expect(await verify(`${token.slice(0, -2)}AA`)).toBeNull()
})

test("a remembered token still expires", async () => {
  vi.useFakeTimers({ toFake: ["Date"] })
  const verify = createVerifyAccessToken(keyring)
  const token = await sign(newClaims(), 60)
  expect(await verify(token)).not.toBeNull()
  vi.setSystemTime(Date.now() + 92_000)
  expect(await verify(token)).toBeNull()
  vi.useRealTimers()
})

test("a forgotten token is verified again", async () => {
  const verify = createVerifyAccessToken(keyring, 2)
  const tokens = await Promise.all([sign(), sign(), sign()])
  for (const token of [...tokens, ...tokens]) expect(await verify(token)).not.toBeNull()
})
