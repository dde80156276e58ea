import { randomUUID } from "node:crypto"
import { expect, test } from "vitest"
import { createRefreshToken, nextRefreshTokens } from "./refreshToken.ts"

test("a token leads to the next of the same session and family", () => {
  const sessionId = randomUUID()
  const first = createRefreshToken(sessionId)
  const turn = nextRefreshTokens(first.refreshToken)

  expect(turn?.presented).toEqual({ sessionId, familyHash: first.familyHash, turnHash: first.turnHash })
  expect(turn?.next.sessionId).toBe(sessionId)
  expect(turn?.next.familyHash).toEqual(first.familyHash)
  expect(turn?.next.turnHash).not.toEqual(first.turnHash)
  expect(turn?.next.refreshToken).not.toBe(first.refreshToken)
})

const { refreshToken } = createRefreshToken(randomUUID())

test.each([
  ["empty", ""],
  ["too short", refreshToken.slice(0, -4)],
  ["too long", `${refreshToken}AAAA`],
  ["padded", `${refreshToken}=`],
  ["with white space", ` ${refreshToken}`],
  ["in another alphabet", `+${refreshToken.slice(1)}`],
])("one that is %s is none", (_, text) => {
  expect(nextRefreshTokens(text)).toBeNull()
})
