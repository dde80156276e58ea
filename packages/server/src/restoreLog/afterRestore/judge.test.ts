import type { LogState } from "@latchkey/db"
import { expect, test } from "vitest"
import { findMainLine } from "../histories.ts"
import type { History } from "../history.ts"
import type { ReadLog } from "../readLog.ts"
import { judge } from "./judge.ts"

const range = (from: number, to: number) => ({ from, to, at: `at ${to}` })

/** A history whose first line is at the position before its first range. */
function history(
  ranges: [from: number, to: number][],
  { parent = null, includes = {} }: { parent?: string | null; includes?: Record<string, number> } = {},
): History {
  const [from = 0] = ranges[0] ?? []
  const opening = { ...range(from, from + 1), parent, includes, begins: parent === null }
  return { ranges: ranges.map(([start, end]) => range(start, end)), opening, isBare: false }
}

const logOf = (histories: Record<string, History>): ReadLog => ({
  ...{ deployments: ["ours"], begin: "a", histories: new Map(Object.entries(histories)), emptied: [] },
  ...{ unreadable: 0, unknownSecret: 0, isSignedAnew: true },
})

const stateOf = (historyId: string, position: number, others: Partial<LogState> = {}): LogState => ({
  ...{ deploymentId: "ours", historyId, historyServer: "one", server: "one" },
  ...{ position, loggedTo: position, deletedTo: 0, at: `at ${position}` },
  ...others,
})

const a = history([[0, 10]])
/** The failover has lost the change 10 of `a`. */
const b = history([[10, 20]], { parent: "a", includes: { a: 10 } })

test("a database that has everything is in step, or has moved", () => {
  expect(judge(stateOf("a", 10), logOf({ a }))).toEqual({ is: "inStep" })
  expect(judge(stateOf("b", 20), logOf({ a, b }))).toEqual({ is: "inStep" })
  expect(judge(stateOf("b", 20, { server: "two" }), logOf({ a, b }))).toEqual({ is: "moved", after: 20 })
})

test("a database that is behind lacks the rest of its history and all later ones", () => {
  const judgement = judge(stateOf("a", 8), logOf({ a, b }))
  expect(judgement).toMatchObject({ is: "restored", after: 8 })
  expect(judgement.is === "restored" && ["a", "b"].map(judgement.has)).toEqual([8, -1])
})

test("another change at the same position is noticed", () => {
  expect(judge(stateOf("a", 10, { at: "another" }), logOf({ a }))).toMatchObject({ is: "restored" })
})

test("changes that a replaced server added later are lacking, and not part of the main line", () => {
  const log = logOf({ a: history([[0, 15]]), b })
  const judgement = judge(stateOf("b", 20), log)
  expect(judgement.is === "restored" && ["a", "b"].map(judgement.has)).toEqual([10, 20])
  expect(["a", "b"].map(findMainLine(stateOf("b", 20), log))).toEqual([10, Number.POSITIVE_INFINITY])
  // Once it has been taken over, it is in step, and still beside the main line.
  const c = history([[20, 21]], { parent: "b", includes: { a: 15, b: 20 } })
  const settled = logOf({ a: history([[0, 15]]), b, c })
  expect(judge(stateOf("c", 21), settled)).toEqual({ is: "inStep" })
  expect(["a", "b", "c"].map(findMainLine(stateOf("a", 5), settled))).toEqual([
    10,
    20,
    Number.POSITIVE_INFINITY,
  ])
})

test("a beginning that no database has taken over, such as after a crash, has no effect", () => {
  const bare = { ...history([[10, 11]], { parent: "a", includes: { a: 10 } }), isBare: true }
  expect(judge(stateOf("a", 10), logOf({ a, bare }))).toEqual({ is: "inStep" })
  expect(findMainLine(stateOf("a", 10), logOf({ a, bare }))("a")).toBe(Number.POSITIVE_INFINITY)
})

test.each<[string, LogState, ReadLog, RegExp]>([
  [
    "a gap",
    stateOf("a", 10),
    logOf({
      a: history([
        [0, 4],
        [5, 10],
      ]),
    }),
    /changes 5 to 5 are missing/,
  ],
  ["a cut end", stateOf("a", 12), logOf({ a }), /changes 11 to 12 are missing at its end/],
  [
    "a history that another includes",
    stateOf("b", 20),
    logOf({ a: history([[0, 9]]), b }),
    /changes 10 to 10 are missing/,
  ],
  [
    "a lost opening",
    stateOf("a", 10),
    logOf({ a, b: { ...b, opening: null } }),
    /beginning of a history is missing/,
  ],
  ["a lost history", stateOf("b", 20), logOf({ a }), /are missing at its end/],
  [
    "a backup from before the log began anew",
    stateOf("a", 8),
    { ...logOf({ a, n: history([[12, 13]], { includes: { a: 10 } }) }), begin: "n" },
    /it began after this backup/,
  ],
  [
    "a table that was emptied",
    stateOf("a", 8),
    { ...logOf({ a }), emptied: [{ history: "a", position: 9 }] },
    /emptied by hand/,
  ],
  [
    "changes that were deleted",
    stateOf("a", 12, { loggedTo: 10, deletedTo: 11, at: "at 10" }),
    logOf({ a }),
    /neither in it nor/,
  ],
])("in doubt: %s", (_, state, log, because) => {
  expect(judge(state, log)).toMatchObject({ is: "doubt", because: expect.stringMatching(because) })
})

test("a log that was begun anew needs no earlier changes", () => {
  const n = history([[12, 13]], { includes: { a: 10 } })
  expect(judge(stateOf("n", 13), { ...logOf({ n }), begin: "n" })).toEqual({ is: "inStep" })
  const gaps = history([
    [3, 4],
    [6, 10],
  ])
  expect(judge(stateOf("n", 13), { ...logOf({ a: gaps, n }), begin: "n" })).toEqual({ is: "inStep" })
})
