import { brokenDatabase } from "./brokenDatabase.ts"
import type { Mutant } from "./mutant.ts"

/**
 * Versions of the protocol that break one rule, each with a run that shows why the rule is there. If the simulation
 * changes, find new runs with `simulateMany.ts`.
 */
export const mutants: Record<string, Mutant> = {
  ...brokenDatabase,
  "a lease counts from the answer, not from the request": {
    scenario: "lossy",
    seed: 6,
    mutations: [
      {
        file: "lease",
        from: "grant = { asked, databaseTime: answer.now }",
        to: "grant = { asked: momentOf(clocks), databaseTime: answer.now }",
      },
    ],
  },
  "without a margin": {
    scenario: "drift",
    seed: 142,
    mutations: [{ file: "marginOf", from: "Math.max(50, length / 50)", to: "0" }],
  },
  "changes do not wait for leases": {
    scenario: "calm",
    seed: 1,
    mutations: [{ file: "waitForLeases", from: "if (longestLease === 0) return true", to: "return true" }],
  },
  "leases that lag are not waited for": {
    scenario: "lossy",
    seed: 1,
    mutations: [
      {
        file: "waitForLeases",
        from: "behind.every(({ length }) => now >= endOf(length, since))",
        to: "now >= since",
      },
    ],
  },
  "a lease is used before its changes are applied": {
    scenario: "calm",
    seed: 32,
    mutations: [
      {
        file: "lease",
        from: "if (applied !== answer.position) changes.note(answer.position, applied === null ? null : answer.changes)",
        to: "clocks.after(20, () => changes.note(answer.position, applied === null ? null : answer.changes))",
      },
    ],
  },
  "changes are reported before they are applied": {
    scenario: "lossy",
    seed: 1,
    mutations: [
      {
        file: "lease",
        from: "const applied = changes.position",
        to: "const applied = changes.position === null ? null : changes.position + 1",
      },
    ],
  },
  "rows are kept without the position at which they were read": {
    scenario: "calm",
    seed: 1,
    mutations: [{ file: "changes", from: "seen.position >= floor &&", to: "true ||" }],
  },
  "a change does not end older reads": {
    scenario: "calm",
    seed: 1,
    mutations: [
      {
        file: "changes",
        from: "ids.every((id) => seen.position >= (changedAt.get(id) ?? 0))",
        to: "ids.every((id) => seen.position >= (changedAt.get(id) ?? 0) || changedAt.size > 1)",
      },
    ],
  },
  "a new primary does not end what is remembered": {
    scenario: "lostChanges",
    seed: 5,
    mutations: [
      { file: "changes", from: "seen.timeline === timeline &&", to: "" },
      {
        file: "changes",
        from: "      timeline = next\n      position = null\n      floor = Number.POSITIVE_INFINITY\n      changedAt.clear()\n      era++",
        to: "      timeline = next",
      },
    ],
  },
  "a verdict without a lease reads the database": {
    scenario: "splitBrain",
    seed: 6,
    mutations: [{ file: "leasedRead", from: "await lease.hold()", to: "lease.hold().catch(() => {})" }],
  },
  "a read is not compared with the lease's primary": {
    scenario: "splitBrain",
    seed: 10,
    mutations: [
      {
        file: "leasedRead",
        from: "found.seen.timeline === lease.changes.timeline && found.seen.position >= (position ?? 0)",
        to: "found",
      },
    ],
  },
  "a waiting caller trusts any server": {
    scenario: "pooler",
    seed: 24,
    mutations: [
      {
        file: "waitForLeases",
        from: "committedOn !== null && timeline < committedOn",
        to: "false",
      },
    ],
  },
  "a lease is forgotten too early": {
    scenario: "slowBurst",
    seed: 1100,
    mutations: [
      {
        file: "waitForLeases",
        from: "clocks.after(endOf(longest, seenAt) - clocks.steady(), () => {",
        to: "clocks.after(0, () => {",
      },
    ],
  },
  "a machine's sleep goes unnoticed": {
    scenario: "stops",
    seed: 6,
    mutations: [
      {
        file: "clocks",
        from: "Math.abs(clocks.wall() - wall - elapsed) > LARGEST_DRIFT_MS ? Number.POSITIVE_INFINITY : elapsed",
        to: "elapsed",
      },
    ],
  },
  "only the wall clock counts": {
    scenario: "clocks",
    seed: 4,
    mutations: [
      {
        file: "clocks",
        from: "Math.abs(clocks.wall() - wall - elapsed) > LARGEST_DRIFT_MS ? Number.POSITIVE_INFINITY : elapsed",
        to: "clocks.wall() - wall",
      },
    ],
  },
  "a lease is given up before answers from memory end": {
    scenario: "deaths",
    seed: 29,
    mutations: [
      {
        file: "lease",
        from: "      isClosed = true\n      grant = undefined\n      cancelTimer()",
        to: "      isClosed = true\n      cancelTimer()",
      },
    ],
  },
  "a lease is ended by a timer": {
    scenario: "stops",
    seed: 3,
    mutations: [
      {
        file: "lease",
        from: "grant !== undefined && elapsedSince(grant.asked, clocks) < usableMs",
        to: "grant !== undefined",
      },
      {
        file: "lease",
        from: "grant = { asked, databaseTime: answer.now }",
        to: `const granted = { asked, databaseTime: answer.now }
          grant = granted
          clocks.after(usableMs - elapsedSince(asked, clocks), () => { if (grant === granted) grant = undefined })`,
      },
    ],
  },
  "a waiting caller compares wall clocks": {
    scenario: "clocks",
    seed: 3,
    mutations: [
      { file: "waitForLeases", from: "const since = clocks.steady()", to: "const since = clocks.wall()" },
      { file: "waitForLeases", from: "const now = clocks.steady()", to: "const now = clocks.wall()" },
    ],
  },
  "a waiting caller assumes that all leases are as long as its own": {
    scenario: "lengths",
    seed: 3,
    mutations: [
      {
        file: "waitForLeases",
        from: "behind.every(({ length }) => now >= endOf(length, since))",
        to: "behind.every(() => now >= endOf(300, since))",
      },
    ],
  },
  "a lease that is missing after a failover is not waited for": {
    scenario: "lostLeases",
    seed: 6,
    mutations: [{ file: "waitForLeases", from: "now >= completeAt && ", to: "" }],
  },
  "instances share an id": {
    scenario: "lossy",
    seed: 1,
    mutations: [
      {
        file: "lease",
        from: "const [instanceId, token] = [newId(), newId()]",
        to: 'const [instanceId, token] = ["shared", newId()]',
      },
    ],
  },
}
