import { randomUUID } from "node:crypto"
import { expect, test } from "vitest"
import { createRefreshToken, nextRefreshTokens } from "./refreshToken.ts"

test("a token's successor belongs to the same session and family", () => {
  const sessionId = randomUUID()
  const first = createRefreshToken(sessionId)
  const successors = nextRefreshTokens(first.refreshToken)

  expect(successors?.presented).toEqual({ sessionId, familyHash: first.familyHash, turnHash: first.turnHash })
  expect(successors?.next.sessionId).toBe(sessionId)
  expect(successors?.next.familyHash).toEqual(first.familyHash)
  expect(successors?.next.turnHash).not.toEqual(first.turnHash)
  expect(successors?.next.refreshToken).not.toBe(first.refreshToken)
})

const { refreshToken } = createRefreshToken(randomUUID())

test.each([
  ["empty", ""],
  ["too short", refreshToken.slice(0, -4)],
  ["too long", `${refreshToken}AAAA`],
  ["padded", `${refreshToken}=`],
  ["with white space", ` ${refreshToken}`],
  ["in another alphabet", `+${refreshToken.slice(1)}`],
])("a text that is %s is not a refresh token", (_, text) => {
  expect(nextRefreshTokens(text)).toBeNull()
})
