import { randomUUID } from "node:crypto"
import { expect, test, vi } from "vitest"
import { newSecret } from "../../test/createTestAuth.ts"
import { createForge } from "../../test/hostileTokens/forge.ts"
import { hostileTokens } from "../../test/hostileTokens/index.ts"
import { createKeyring } from "../crypto/keyring.ts"
import { signAccessToken, verifyAccessToken } from "./accessToken.ts"

const secret = newSecret()
const keyring = createKeyring({ current: secret })
const claims = { userId: randomUUID(), sessionId: randomUUID() }

test("a signed token is accepted, and so is the same token made by hand", async () => {
  const now = Date.now() / 1000
  const { accessToken, accessTokenExpiresAt } = await signAccessToken(keyring, claims, 60)
  expect(await verifyAccessToken(keyring, accessToken)).toMatchObject(claims)
  expect(Math.abs(accessTokenExpiresAt.getTime() / 1000 - now - 60)).toBeLessThanOrEqual(1)

  const { header, payload, sign } = createForge(keyring.current, claims)
  expect(await verifyAccessToken(keyring, sign(header, payload))).toMatchObject(claims)
})

test("a token under a previous secret is accepted, but not one under a forgotten secret", async () => {
  const { accessToken } = await signAccessToken(keyring, claims, 60)
  const rotated = createKeyring({ current: newSecret(), previous: [secret] })
  expect(await verifyAccessToken(rotated, accessToken)).toMatchObject(claims)
  expect(await verifyAccessToken(createKeyring({ current: newSecret() }), accessToken)).toBeNull()
})

test.each(await hostileTokens(keyring.current, claims))("a token with %s is rejected", async (_, token) => {
  expect(await verifyAccessToken(keyring, token)).toBeNull()
})

test("a token that names one server secret but is signed under the other is rejected", async () => {
  const both = createKeyring({ current: newSecret(), previous: [secret] })
  const previous = both.find(keyring.current.id)
  const { header, payload, sign } = createForge(both.current, claims)
  const key = previous?.accessTokenKey ?? ""
  expect(await verifyAccessToken(both, sign(header, payload, { key }))).toBeNull()
  expect(await verifyAccessToken(both, sign({ ...header, kid: keyring.current.id }, payload))).toBeNull()
  expect(
    await verifyAccessToken(both, sign({ ...header, kid: keyring.current.id }, payload, { key })),
  ).not.toBeNull()
})

test.each(["exp", "iat", "nbf"] as const)("clocks may differ by 30 s: %s", async (claim) => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 })
  const now = 1_800_000_000
  const { header, payload, sign } = createForge(keyring.current, claims)
  const at = (time: number) => verifyAccessToken(keyring, sign(header, { ...payload, [claim]: time }))
  const [within, beyond] = claim === "exp" ? [now - 29, now - 30] : [now + 30, now + 31]
  expect(await at(within)).toMatchObject(claims)
  expect(await at(beyond)).toBeNull()
  vi.useRealTimers()
})
