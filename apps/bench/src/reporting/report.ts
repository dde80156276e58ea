import type { Machine } from "../machine.ts"
import type { ContenderResult, Measurement } from "../rounds.ts"
import type { CrowdResult } from "../scenarios/crowd.ts"
import type { ScenarioResults } from "../scenarios.ts"
import { formatFigure, formatNumber, formatTable } from "./format.ts"
import { type Goal, goalsOf, isMet } from "./goals.ts"
import { leaseLines } from "./leaseLines.ts"
import type { Results } from "./results.ts"
import { figureOf, pairedFigure } from "./statistics.ts"

/** Above this share of a core, the load generator, and not the server, limits the requests per second. */
const LOAD_LIMIT = 0.95

/** Formats the results as text. */
export function formatReport(results: Results): string {
  const { contenders, scenarios, scale, quick } = results
  const parts = [
    describe(results.machine),
    quick
      ? `A quick run: ${scale.rounds} short rounds and ${formatNumber(scale.keys)} keys. For reliable figures, run it without --quick.`
      : `${scale.rounds} rounds of ${scale.seconds} s, ${formatNumber(scale.keys)} keys, ${scale.connections} connections; medians (minimum to maximum).`,
    contenders.length > 0 ? contenderTable(contenders) : "",
    loadNote(contenders),
    [...scenarioLines(scenarios), ...leaseLines(scenarios)].join("\n"),
    scenarios.crowd ? crowdTable(scenarios.crowd) : "",
    goalTable(goalsOf(results)),
  ]
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`
}

const describe = (machine: Machine) =>
  `${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB; ${machine.system}; Node ${machine.node}; ` +
  `PostgreSQL ${machine.postgres}; ${machine.pinned ? "the server on one core, everything else on the others" : "cores not pinned"}`

function contenderTable(contenders: readonly ContenderResult[]): string {
  const header = [
    "contender",
    "requests/s",
    "server CPU, µs",
    "PostgreSQL CPU, µs",
    "statements",
    "rows written",
    "p50, ms",
    "p99, ms",
    "peak RSS, MB",
  ]
  const rows = contenders.map(({ contender, rounds, peakRssBytes }) => {
    const figure = (quantity: (of: Measurement) => number) => formatFigure(figureOf(rounds.map(quantity)))
    const postgresCpu = rounds.map((round) => round.postgresCpu).filter((value) => value !== null)
    return [
      contender.title,
      `${figure(({ requestsPerSecond }) => requestsPerSecond)}${isLimitedByLoad(rounds) ? " *" : ""}`,
      figure(({ serverCpu }) => serverCpu),
      postgresCpu.length > 0 ? formatFigure(figureOf(postgresCpu)) : "",
      contender.database === undefined ? "" : figure(({ statements }) => statements),
      contender.database === undefined ? "" : figure(({ rowsWritten }) => rowsWritten),
      contender.inProcess && rounds.every(({ p50 }) => p50 === 0) ? "" : figure(({ p50 }) => p50),
      figure(({ p99 }) => p99),
      formatNumber(peakRssBytes / 1e6),
    ]
  })
  return formatTable(header, rows)
}

const isLimitedByLoad = (rounds: readonly Measurement[]) =>
  figureOf(rounds.map(({ loadUtilization }) => loadUtilization)).median > LOAD_LIMIT

function loadNote(contenders: readonly ContenderResult[]): string {
  const limited = contenders.filter(
    ({ contender, rounds }) => !contender.inProcess && isLimitedByLoad(rounds),
  )
  return limited.length > 0
    ? "* Limited by the load generator: the server can handle more requests per second than shown."
    : ""
}

function scenarioLines({
  flood,
  guesses,
  revocations,
  nginx,
  workers,
  memory,
  start,
}: ScenarioResults): string[] {
  const rate = (values: readonly number[]) => `${formatFigure(figureOf(values))}/s`
  const ratioOf = ({ one, two }: { one: readonly number[]; two: readonly number[] }) =>
    formatFigure(pairedFigure([two, one], (second = 0, first = 0) => second / first))
  return [
    flood &&
      `flood of wrong keys: good traffic ${rate(flood.duringGoodFlood)} during a flood of good keys, ${rate(flood.duringWrongFlood)} during ${rate(flood.wrongPerSecond)} wrong ones; ${flood.bcrypts} bcrypts`,
    guesses &&
      `guesses without a usable receipt: good traffic ${rate(guesses.alone)} alone, ${rate(guesses.duringGuesses)} during guesses; guesses by status ${JSON.stringify(guesses.statuses)}; ${guesses.bcrypts} bcrypts`,
    revocations &&
      `revocations: good traffic ${rate(revocations.alone)} alone, ${rate(revocations.duringRevocations)} during 10 revocations per second; ${revocations.revoked} revoked, ${revocations.acceptedBefore} calls accepted before, ${revocations.stale} of ${revocations.sentAfter} after`,
    nginx === null
      ? "nginx: not measured, because it is not installed"
      : nginx &&
        `nginx with auth_request: p50 ${formatFigure(figureOf(nginx.openP50))} ms without, ${formatFigure(figureOf(nginx.guardedP50))} ms with; added ${formatFigure(pairedFigure([nginx.guardedP50, nginx.openP50], (guarded = 0, open = 0) => guarded - open))} ms`,
    workers &&
      `WORKERS=2 ÷ one process, by key: requests per second ${ratioOf(workers.rate)} (${rate(workers.rate.two)} and ${rate(workers.rate.one)}), CPU time of a request ${ratioOf(workers.cpu)}`,
    memory &&
      `memory: peak RSS ${formatNumber(memory.peakRssAfterFew / 1e6)} MB after ${formatNumber(memory.fewKeys)} different keys, ${formatNumber(memory.peakRssAfterMany / 1e6)} MB after ${formatNumber(memory.manyKeys)}`,
    start && `start to ready: ${formatFigure(figureOf(start.seconds))} s`,
  ].filter((line) => line !== undefined)
}

function crowdTable(rows: CrowdResult): string {
  const quiet = rows.find(({ connections }) => connections === 0)
  return formatTable(
    ["honest callers beside", "connections", "p50, ms", "p99, ms", "p50 ÷ quiet", "answers", "the flood's"],
    rows.map(({ flood, connections, p50, p99, statuses, errors, floodStatuses }) => [
      flood,
      connections === 0 ? "" : `${connections}`,
      formatFigure(figureOf(p50)),
      formatFigure(figureOf(p99)),
      quiet ? formatFigure(pairedFigure([p50, quiet.p50], (beside = 0, alone = 0) => beside / alone)) : "",
      `${JSON.stringify(statuses)}${errors > 0 ? `, ${errors} errors` : ""}`,
      connections === 0 ? "" : JSON.stringify(floodStatuses),
    ]),
  )
}

/** Formats the goals next to the measured figures. */
export function goalTable(goals: readonly Goal[]): string {
  return formatTable(
    ["figure", "goal", "measured", ""],
    goals.map((goal) => {
      const unit = goal.unit && ` ${goal.unit}`
      const met = isMet(goal)
      return [
        goal.title,
        goal.limit === 0 ? "0" : `${goal.bound} ${goal.limit.toLocaleString("en")}${unit}`,
        goal.figure ? `${formatFigure(goal.figure)}${unit}` : "not measured",
        met === null ? "" : met ? "reached" : "MISSED",
      ]
    }),
  )
}
