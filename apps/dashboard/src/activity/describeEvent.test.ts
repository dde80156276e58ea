import type { AuditEvent } from "@latchkey/sdk"
import { expect, test } from "vitest"
import { nameOf } from "../admin/users/nameOf.ts"
import { describeEvent, describePlace } from "./describeEvent.ts"

const event = (values: Partial<AuditEvent>): AuditEvent => ({
  id: "e-1",
  kind: "loggedIn",
  createdAt: new Date(),
  lastAt: new Date(),
  count: 1,
  via: "session",
  credentialId: "s-1",
  actor: null,
  byAdministrator: false,
  address: "203.0.113.7",
  device: "Firefox on Linux",
  requestId: "r-1",
  subject: null,
  changes: null,
  ...values,
})

const key = { id: "k-1", label: "nightly import" }

test.each<[Partial<AuditEvent>, string]>([
  [{ kind: "loggedIn" }, "Signed in"],
  [{ kind: "loginFailed" }, "Wrong password"],
  [{ kind: "loginFailed", count: 14 }, "Wrong password, 14 times"],
  [{ kind: "loginFailed", count: 1_000 }, "Wrong password, 1,000 times"],
  [
    { kind: "sessionRevoked", subject: { id: "s-2", label: "Safari on iPhone" } },
    "Ended a session on Safari on iPhone",
  ],
  [{ kind: "sessionRevoked", subject: { id: "s-2", label: null } }, "Ended another session"],
  [{ kind: "otherSessionsRevoked", count: 1 }, "Ended 1 other session"],
  [{ kind: "otherSessionsRevoked", count: 3 }, "Ended 3 other sessions"],
  [{ kind: "oldestSessionsEnded", count: 1 }, "Ended the oldest session: there were too many"],
  [{ kind: "oldestSessionsEnded", count: 2 }, "Ended the oldest 2 sessions: there were too many"],
  [{ kind: "apiKeyCreated", subject: key }, "Created the key “nightly import”"],
  [{ kind: "apiKeyRevoked", subject: key }, "Revoked the key “nightly import”"],
  [
    { kind: "apiKeyRevoked", subject: key, via: "apiKey", credentialId: "k-1" },
    "Revoked the key “nightly import” with the key itself",
  ],
  [
    { kind: "apiKeyRevoked", subject: key, byAdministrator: true },
    "An administrator revoked the key “nightly import”",
  ],
  [{ kind: "userDisabled", byAdministrator: true }, "An administrator disabled the account"],
])("%j: %s", (values, title) => {
  expect(describeEvent(event(values)).title).toBe(title)
})

test("a label or an actor can't change how the rest of a sentence is displayed", () => {
  const label = "first \u2069\u202ehtruof"
  const revoked = event({ kind: "apiKeyRevoked", subject: { id: "k-1", label }, actor: label })
  expect(describeEvent(revoked).title).toBe("Revoked the key “first htruof”")
  expect(describePlace(revoked)).toBe("first htruof · Firefox on Linux · 203.0.113.7")
  expect(nameOf({ email: null, subject: label })).toBe("first htruof")
})

test.each<[Partial<AuditEvent>, string]>([
  [{}, "Firefox on Linux · 203.0.113.7"],
  [{ device: null }, "Unknown device · 203.0.113.7"],
  [{ address: null, device: null }, "Many addresses"],
  [{ address: null, device: null, byAdministrator: true }, ""],
])("%j comes from %j", (values, place) => {
  expect(describePlace(event(values))).toBe(place)
})
