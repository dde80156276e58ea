import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { isUuid } from "../isUuid.ts"
import { ownerIdOf } from "./ownerIdOf.ts"

test("an owner of another issuer has a UUIDv8 derived from issuer and subject", () => {
  const id = ownerIdOf({ issuer: "https://login.example.com", subject: "org_42" })

  const digest = createHash("sha256").update("https://login.example.com\0org_42").digest("hex")
  expect(isUuid(id)).toBe(true)
  expect(id.slice(14, 15)).toBe("8")
  expect(id.slice(19, 20)).toMatch(/[89ab]/)
  expect(id.slice(0, 8)).toBe(digest.slice(0, 8))
  expect(id.slice(20).replace("-", "")).toBe(digest.slice(17, 32).slice(0, 3) + digest.slice(20, 32))
})

test("no two owners share an id, even if issuer and subject are the same when concatenated", () => {
  const ids = [
    { issuer: "host", subject: "org_42" },
    { issuer: "host", subject: "ORG_42" },
    { issuer: "hostorg", subject: "_42" },
    { issuer: "host", subject: "org_42 " },
  ].map(ownerIdOf)
  expect(new Set(ids).size).toBe(4)
})

test("an account of Latchkey's own has its own id", () => {
  const subject = "0b7c1a52-8d0e-4c55-bb0f-9d3b6f0f4e21"
  expect(ownerIdOf({ issuer: "latchkey", subject })).toBe(subject)
})
