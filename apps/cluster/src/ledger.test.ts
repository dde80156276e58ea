import { expect, test } from "vitest"
import { createLedger } from "./ledger.ts"

function withKey() {
  const ledger = createLedger()
  ledger.add({ id: "1", key: "a" })
  const [key] = ledger.live
  if (!key) throw new TypeError("the ledger has no key")
  return { ledger, key }
}

test("a key that nobody revokes is accepted; a refusal means that it is lost", () => {
  const { ledger, key } = withKey()
  expect([200, 401, 503, 0].map(ledger.ask(key))).toEqual(["right", "lost", "unavailable", "unavailable"])
})

test("while a revocation is under way, both verdicts are right", () => {
  const { ledger, key } = withKey()
  ledger.begin(key)
  expect([200, 401].map(ledger.ask(key))).toEqual(["right", "right"])
})

test("a key that was found lost is forgotten", () => {
  const { ledger, key } = withKey()
  ledger.forget(new Set([key]))
  expect([ledger.all, ledger.live, ledger.revoked]).toEqual([[], [], []])
})

test("acceptance is stale if the request began after the revocation was acknowledged", () => {
  const { ledger, key } = withKey()
  const before = ledger.ask(key)
  ledger.begin(key)
  ledger.acknowledge(key)
  expect(before(200)).toBe("right")
  expect([200, 401].map(ledger.ask(key))).toEqual(["stale", "right"])
  expect(ledger.live).toEqual([])
})
