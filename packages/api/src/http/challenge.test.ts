import { AuthError, insufficientScope, unauthenticated } from "@latchkey/auth"
import { expect, test } from "vitest"
import { failureOf } from "../failure.ts"
import { challenge } from "./challenge.ts"

const failed = (error: AuthError, hasCredential = true) => ({
  hasCredential,
  failures: [{ failure: failureOf(error), error }],
  protectedResource: undefined,
})

test.each([
  ["no credential", 401, failed(unauthenticated(), false), 'Bearer realm="latchkey"'],
  ["an invalid credential", 401, failed(unauthenticated()), 'Bearer realm="latchkey", error="invalid_token"'],
  ["a wrong password", 401, failed(new AuthError("LOGIN_FAILED", "")), 'Bearer realm="latchkey"'],
  [
    "a missing scope",
    403,
    failed(insufficientScope(["reports:read", "reports:write"])),
    'Bearer realm="latchkey", error="insufficient_scope", scope="reports:read reports:write"',
  ],
] as const)("%s", (_, status, request, expected) => {
  expect(challenge(status, request)).toEqual({ "WWW-Authenticate": expected })
})

test("a key that tries to create a key gets no challenge, because no scope would help", () => {
  expect(challenge(403, failed(new AuthError("FORBIDDEN", "")))).toEqual({})
})

test("with trusted issuers, a challenge tells clients where to find them", () => {
  const resource = "https://api.company.tld"
  const protectedResource = { resource, url: `${resource}/latchkey`, issuers: [], scopes: [] }
  expect(challenge(401, { ...failed(unauthenticated(), false), protectedResource })).toEqual({
    "WWW-Authenticate":
      'Bearer realm="latchkey", resource_metadata="https://api.company.tld/latchkey/.well-known/oauth-protected-resource"',
  })
})
