import type { Measurement } from "../rounds.ts"
import type { CrowdRow } from "../scenarios/crowd.ts"
import type { Results } from "./results.ts"
import { type Figure, figureOf, pairedFigure } from "./statistics.ts"

/** A performance goal of Latchkey. */
export interface Goal {
  title: string
  bound: "at most" | "at least"
  limit: number
  unit: "" | "MB" | "s" | "ms"
  /** Null if not measured. */
  figure: Figure | null
}

/** Whether the median meets the limit; null if not measured. */
export const isMet = ({ bound, limit, figure }: Goal): boolean | null =>
  figure && (bound === "at most" ? figure.median <= limit : figure.median >= limit)

const MB = 1e6

/** All goals with their figures, in the order of the report. Ratios are calculated for each round. */
export function goalsOf({ contenders, scenarios, scale }: Results): Goal[] {
  const measured = new Map(contenders.map(({ contender, rounds }) => [contender.name, rounds]))

  /** Combines a quantity of several contenders; null if one of them was not measured. */
  function compare(
    quantity: (of: Measurement) => number,
    names: string[],
    combine: (...v: number[]) => number,
  ) {
    const rounds = names.map((name) => measured.get(name)?.map(quantity))
    return rounds.every((values) => values !== undefined) ? pairedFigure(rounds, combine) : null
  }
  const cpu = ({ serverCpu }: Measurement) => serverCpu
  const throughput = ({ requestsPerSecond }: Measurement) => requestsPerSecond
  const quotient = (a = 0, b = 0) => a / b
  const { flood, guesses, revocations, crowd, distance, leaseFaults, splitBrain, memory, start } = scenarios
  const [smallest = 0] = scale.otherSizes
  const count = (value: number | undefined) => (value === undefined ? null : figureOf([value]))
  const size = (keys: number) => keys.toLocaleString("en")
  const wrongStatuses = Object.entries(guesses?.statuses ?? {}).filter(
    ([status]) => !["401", "503"].includes(status),
  )

  return [
    atMost(
      0.7,
      "server CPU: by key ÷ tRPC's fetch adapter without authentication",
      compare(cpu, ["latchkey-key", "trpc-fetch"], quotient),
    ),
    atMost(
      1,
      "server CPU: (by key − Latchkey without authentication) ÷ bare node:http",
      compare(
        cpu,
        ["latchkey-key", "latchkey-open", "bare-http"],
        (key = 0, open = 0, bare = 0) => (key - open) / bare,
      ),
    ),
    atMost(
      1.1,
      "server CPU: by key with scopes, an IP list and a limit ÷ without",
      compare(cpu, ["latchkey-key-restricted", "latchkey-key"], quotient),
    ),
    atMost(1.15, "server CPU: by JWT ÷ by key", compare(cpu, ["latchkey-jwt", "latchkey-key"], quotient)),
    atLeast(
      20,
      "requests/s: by key ÷ Better Auth",
      compare(throughput, ["latchkey-key", "better-auth"], quotient),
    ),
    atLeast(
      1_000,
      "requests/s: by key ÷ bcrypt over 100 keys",
      compare(throughput, ["latchkey-key", "bcrypt-100"], quotient),
    ),
    atMost(
      0.15,
      "SQL statements per request, by key",
      compare(
        ({ statements }) => statements,
        ["latchkey-key"],
        (value = 0) => value,
      ),
    ),
    atMost(
      0.15,
      "SQL statements per request, by key with scopes, an IP list and a limit",
      compare(
        ({ statements }) => statements,
        ["latchkey-key-restricted"],
        (value = 0) => value,
      ),
    ),
    atMost(
      0,
      "rows written before the response, by key with scopes, an IP list and a limit",
      compare(
        ({ rowsWrittenBeforeResponse }) => rowsWrittenBeforeResponse,
        ["latchkey-key-restricted"],
        (value = 0) => value,
      ),
    ),
    atLeast(
      50,
      "calls/s in process: Latchkey ÷ Better Auth",
      compare(throughput, ["in-process", "better-auth-in-process"], quotient),
    ),
    atLeast(
      50,
      "calls/s in process, with leases: Latchkey ÷ Better Auth",
      compare(throughput, ["in-process-lease", "better-auth-in-process"], quotient),
    ),
    atMost(
      0.15,
      "SQL statements per call in process",
      compare(
        ({ statements }) => statements,
        ["in-process"],
        (value = 0) => value,
      ),
    ),
    atMost(
      1.2,
      "server CPU: a product's own procedure behind `requires` ÷ Latchkey's own, by key",
      compare(cpu, ["product-api", "latchkey-key"], quotient),
    ),
    atMost(
      1.3,
      "server CPU: a verification by the SDK ÷ `auth.me`, by key",
      compare(cpu, ["sdk-verify", "latchkey-key"], quotient),
    ),
    atMost(
      0.15,
      "SQL statements per introspection",
      compare(
        ({ statements }) => statements,
        ["introspection"],
        (value = 0) => value,
      ),
    ),
    atMost(
      0,
      "rows written before the response, by key",
      compare(
        ({ rowsWrittenBeforeResponse }) => rowsWrittenBeforeResponse,
        ["latchkey-key"],
        (value = 0) => value,
      ),
    ),
    atMost(
      1.05,
      `server CPU: ${size(scale.keys)} keys ÷ ${size(smallest)} keys`,
      compare(cpu, ["latchkey-key", `latchkey-key-${smallest}`], quotient),
    ),
    atLeast(
      0.95,
      "good traffic: during a flood of wrong keys ÷ of good keys",
      flood ? pairedFigure([flood.duringWrongFlood, flood.duringGoodFlood], quotient) : null,
    ),
    atMost(0, "bcrypts during the flood", count(flood?.bcrypts)),
    atLeast(
      0.7,
      "good traffic: during guesses without a usable receipt ÷ alone",
      guesses ? pairedFigure([guesses.duringGuesses, guesses.alone], quotient) : null,
    ),
    atMost(
      0,
      "guesses with a status other than 401 or 503",
      guesses ? figureOf([wrongStatuses.reduce((sum, [, answers]) => sum + answers, 0)]) : null,
    ),
    atMost(0, "revoked keys accepted after the response to the revocation", count(revocations?.stale)),
    {
      ...atMost(
        1,
        "p50 at 80 ms from the database: with leases − without authentication",
        distance ? pairedFigure([distance.p50.lease, distance.p50.open], (a = 0, b = 0) => a - b) : null,
      ),
      unit: "ms",
    },
    atMost(
      0.01,
      `SQL statements per request, with leases and ${size(distance?.hotKeys ?? 100_000)} keys in memory`,
      distance ? figureOf(distance.statements) : null,
    ),
    atMost(
      0.5,
      "server CPU: (by key with leases − Latchkey without authentication) ÷ bare node:http",
      compare(
        cpu,
        ["latchkey-key-lease", "latchkey-open", "bare-http"],
        (key = 0, open = 0, bare = 0) => (key - open) / bare,
      ),
    ),
    atMost(
      0,
      "revoked keys accepted after the response to the revocation, amid faults",
      leaseFaults ? figureOf([leaseFaults.afterwards[200] ?? 0]) : null,
    ),
    atMost(
      0,
      "revoked keys accepted on the cut-off side of a split brain, with leases",
      splitBrain ? figureOf([splitBrain.withLeases[200] ?? 0]) : null,
    ),
    ...(crowd?.filter(({ connections }) => connections > 0) ?? []).map(({ flood, connections, p50 }) =>
      atMost(
        3,
        `honest callers' p50: beside ${flood} over ${connections} connections ÷ quiet`,
        pairedFigure([p50, crowd?.[0]?.p50 ?? []], quotient),
      ),
    ),
    atMost(
      0,
      "honest callers' responses other than 200, beside a crowd",
      crowd ? figureOf([crowd.reduce((sum, row) => sum + failedIn(row), 0)]) : null,
    ),
    {
      ...atMost(
        30,
        `peak RSS after ${size(scale.memoryKeys)} different keys − after 1,000`,
        memory ? figureOf([(memory.peakRssAfterMany - memory.peakRssAfterFew) / MB]) : null,
      ),
      unit: "MB",
    },
    { ...atMost(1.5, "process start to ready", start ? figureOf(start.seconds) : null), unit: "s" },
  ]
}

const failedIn = ({ statuses, errors }: CrowdRow) =>
  Object.entries(statuses).reduce((sum, [status, count]) => sum + (status === "200" ? 0 : count), errors)

const atMost = (limit: number, title: string, figure: Figure | null): Goal => ({
  title,
  bound: "at most",
  limit,
  unit: "",
  figure,
})

const atLeast = (limit: number, title: string, figure: Figure | null): Goal => ({
  ...atMost(limit, title, figure),
  bound: "at least",
})
