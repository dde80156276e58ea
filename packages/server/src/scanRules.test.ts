import { expect, test } from "vitest"
import { rest } from "../test/startLatchkey.ts"
import { createLatchkeyServer } from "./createLatchkeyServer.ts"

const PATH = "/.well-known/latchkey-scan-rules.json"

/** A server whose database need not exist: nothing here opens it. */
const createServer = (keyPrefix?: string) =>
  createLatchkeyServer({
    databaseUrl: "postgres://nobody@localhost:1/none",
    secret: "0123456789abcdef".repeat(4),
    passwords: "on",
    keyPrefix,
  })

test("anyone may read the rules for secret scanners, without a database", async () => {
  const { status, headers, body } = await rest(createServer("acme"), "GET", PATH)
  expect(status).toBe(200)
  expect(headers.get("content-type")).toMatch("application/json")
  expect(body).toMatchObject({ pattern: "\\bacme_[0-9a-f]{72}\\b" })
  expect(Object.keys(body)).toEqual(["pattern", "gitleaks", "trufflehog", "github"])
})

test("without a prefix there are no rules, because keys look like any SHA-256", async () => {
  expect((await rest(createServer(), "GET", PATH)).status).toBe(404)
})
