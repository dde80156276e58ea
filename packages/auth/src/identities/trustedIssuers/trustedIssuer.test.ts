import { expect, test } from "vitest"
import { mayDiscover, parseTrustedIssuers } from "./trustedIssuer.ts"

const issuer = "https://issuer.example/tenant"

test("single names stand for lists, and the defaults are filled in", () => {
  expect(parseTrustedIssuers([{ issuer, audience: "api" }])).toEqual({
    entries: [{ issuer, audience: ["api"], subjectClaim: ["sub"], allowClientAudience: false }],
  })
})

test.each([
  ["no list", { issuer, audience: "api" }, /^value: /],
  [
    "an issuer twice",
    [
      { issuer, audience: "a" },
      { issuer, audience: "b" },
    ],
    /^\[1\]\.issuer: expected each issuer once/,
  ],
  ["neither audience nor authorizedParties", [{ issuer }], /^\[0\]: expected audience or authorizedParties/],
  ["an empty list of audiences", [{ issuer, audience: [] }], /^\[0\]\.audience: /],
  ["an unknown field", [{ issuer, audience: "a", audiance: "b" }], /^\[0\]: .*audiance/],
  [
    "plain http",
    [{ issuer: "http://issuer.example", audience: "a" }],
    /^\[0\]\.issuer: expected an https URL/,
  ],
  ["credentials in the URL", [{ issuer: "https://a:b@issuer.example", audience: "a" }], /^\[0\]\.issuer: /],
  ["a query", [{ issuer: "https://issuer.example?x", audience: "a" }], /^\[0\]\.issuer: .*query/],
  [
    "a key set over http",
    [{ issuer, audience: "a", jwksUri: "http://issuer.example/jwks" }],
    /^\[0\]\.jwksUri: /,
  ],
  [
    "the email as the subject",
    [{ issuer, audience: "a", subjectClaim: "email" }],
    /^\[0\]\.subjectClaim: .*never reassigned/,
  ],
  [
    "upn among the subjects",
    [{ issuer, audience: "a", subjectClaim: ["sub", "upn"] }],
    /^\[0\]\.subjectClaim: /,
  ],
  ["manage: all", [{ issuer, audience: "a", manage: "all" }], /^\[0\]\.manage: /],
])("%s is refused", (_, value, problem) => {
  expect(parseTrustedIssuers(value)).toEqual({ problems: [expect.stringMatching(problem)] })
})

test.each(["http://localhost:8080/realms/a", "http://127.0.0.1:3000", "http://[::1]:3000"])(
  "%s may be http",
  (url) => {
    expect(parseTrustedIssuers([{ issuer: url, audience: "a" }])).toHaveProperty("entries")
  },
)

test.each([
  ["https://issuer.example", "https://keys.example/jwks", true],
  ["http://localhost:8080", "http://127.0.0.1:8080/jwks", true],
  ["http://localhost:8080", "http://issuer.example/jwks", false],
  // A service on this machine is no remote issuer's to name.
  ["https://issuer.example", "http://127.0.0.1:9200/jwks", false],
  ["https://issuer.example", "http://localhost/jwks", false],
  ["https://issuer.example", "file:///etc/passwd", false],
])("the discovery document of %s may name %s: %s", (issuer, jwksUri, expected) => {
  expect(mayDiscover(issuer, jwksUri)).toBe(expected)
})
