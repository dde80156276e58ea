import { expect } from "vitest"
import { createSession, type Database, listAuditEvents } from "../src/index.ts"
import { newSession } from "./openTestDatabase.ts"

export const client = { address: "203.0.113.7", requestId: "r-1", device: "Firefox on Linux" }

export async function signIn(db: Database, userId: string) {
  const session = newSession()
  expect(await createSession(db, { userId, checkedHash: "hash", session, client })).toBe(true)
  return session
}

export const eventsOf = (db: Database, userId: string, limit = 100) =>
  listAuditEvents(db, { ownerId: userId, limit, after: null })

export const kindsOf = async (db: Database, userId: string) =>
  (await eventsOf(db, userId)).map(({ kind }) => kind).reverse()
