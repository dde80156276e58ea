import { expect, test } from "vitest"
import { readBaseUrl } from "./readBaseUrl.ts"

test.each([
  ["https://keys.company.tld", "https://keys.company.tld/trpc"],
  ["https://company.tld/keys/", "https://company.tld/keys/trpc"],
  [new URL("https://company.tld:8443"), "https://company.tld:8443/trpc"],
  ["http://localhost:3000", "http://localhost:3000/trpc"],
  ["http://keys.localhost", "http://keys.localhost/trpc"],
  ["http://127.0.0.1:3000", "http://127.0.0.1:3000/trpc"],
  ["http://127.1:3000", "http://127.0.0.1:3000/trpc"],
  ["http://[::1]:3000", "http://[::1]:3000/trpc"],
])("%s is accepted", (baseUrl, endpoint) => {
  expect(readBaseUrl(baseUrl, false)).toBe(endpoint)
})

test.each([
  "http://keys.company.tld",
  "http://localhost.company.tld",
  "http://notlocalhost",
  "http://127.0.0.1.company.tld",
  "http://10.0.0.1",
  "http://0.0.0.0",
])("%s would send credentials in the clear, and needs allowInsecureHttp", (baseUrl) => {
  expect(() => readBaseUrl(baseUrl, false)).toThrow("baseUrl must be https")
  expect(readBaseUrl(baseUrl, true)).toBe(`${baseUrl}/trpc`)
})

test.each(["", "/", "localhost:3000", "keys.company.tld", "ftp://keys.company.tld", "https://"])(
  "%s is not an http URL",
  (baseUrl) => {
    expect(() => readBaseUrl(baseUrl, true)).toThrow("baseUrl must be an http or https URL")
  },
)

test("a URL with a password is rejected with an error that does not quote it", () => {
  const expectation = expect(() => readBaseUrl("https://someone:hunter2hunter2@company.tld", false))
  expectation.toThrow(TypeError)
  expectation.not.toThrow("hunter2")
})

test.each(["https://company.tld?a=b", "https://company.tld/#a"])(
  "%s has a query or fragment, and is rejected",
  (baseUrl) => {
    expect(() => readBaseUrl(baseUrl, false)).toThrow(
      "baseUrl must have no user name, password, query or fragment",
    )
  },
)
