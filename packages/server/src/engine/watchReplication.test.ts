import { expect, test } from "vitest"
import { warningAbout } from "./watchReplication.ts"

const replication = { isSynchronous: true, standbys: 1, isVisible: true }

test.each([
  ["synchronous", replication, false, null],
  ["synchronous, required", replication, true, null],
  ["asynchronous", { ...replication, isSynchronous: false }, false, /acknowledges changes before a standby/],
  ["without a standby", { ...replication, isSynchronous: false, standbys: 0 }, false, null],
  ["asynchronous, required", { ...replication, isSynchronous: false, standbys: 0 }, true, /names is empty/],
  ["not visible, required", { ...replication, isVisible: false }, true, /grant pg_read_all_stats/],
  ["not visible", { ...replication, isVisible: false }, false, null],
] as const)("%s", (_, found, requireSynchronous, expected) => {
  const warning = warningAbout(found, requireSynchronous)
  if (expected === null) expect(warning).toBeNull()
  else expect(warning).toMatch(expected)
})
