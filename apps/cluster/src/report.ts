import type { Fault } from "./faults.ts"
import type { Setup } from "./setups.ts"
import type { Round } from "./trial.ts"

export interface Result {
  setup: Setup
  rounds: readonly Round[]
  /** How many of the two instances have warned of asynchronous replication. */
  warnings: number
  /** Why the set-up did not recover from a fault, which ended its trials; null if it always did. */
  failure: string | null
}

const HEADER = [
  "| set-up | fault | rounds | failed over | no verdict, s | no change, s | verdicts | revocations | wrong | lost |",
  "|---|---|---|---|---|---|---|---|---|---|",
]

/** The results as tables of Markdown. */
export function formatReport(results: readonly Result[], faults: readonly Fault[]): string {
  const rows = results.flatMap(({ setup, rounds }) =>
    faults.flatMap(({ name }) => {
      const ofFault = rounds.filter(({ fault }) => fault === name)
      return ofFault.length === 0 ? [] : [formatRow(setup, name, ofFault)]
    }),
  )
  const warnings = results.map(
    ({ setup, warnings }) =>
      `- ${setup.title}: ${warnings} of 2 instances warned of asynchronous replication`,
  )
  const failures = results.flatMap(({ setup, failure }) =>
    failure === null ? [] : [`- ${setup.title}: did not recover from ${failure}`],
  )
  return [...HEADER, ...rows, "", ...warnings, ...failures, ""].join("\n")
}

function formatRow({ title }: Setup, fault: string, rounds: readonly Round[]): string {
  const sum = (read: (round: Round) => number) => rounds.reduce((total, round) => total + read(round), 0)
  const cells = [
    title,
    fault,
    rounds.length,
    rounds.filter(({ failedOver }) => failedOver).length,
    range(rounds.map(({ tally }) => tally.outage.verdicts)),
    range(rounds.map(({ tally }) => tally.outage.changes)),
    sum(({ tally }) => Object.values(tally.verdicts).reduce((all, one) => all + one)),
    sum(({ tally }) => tally.revoked),
    sum(({ tally }) => tally.verdicts.stale + tally.verdicts.lost),
    sum(({ lost }) => lost.created + lost.revoked),
  ]
  return `| ${cells.join(" | ")} |`
}

/** The median, and the least and the greatest value. */
function range(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  const [least, median, greatest] = [0, (sorted.length - 1) >> 1, sorted.length - 1].map((place) =>
    (sorted[place] ?? 0).toFixed(1),
  )
  return `${median} (${least} to ${greatest})`
}

/** Whether all that was promised held, which asynchronous replication does not promise. */
export const areKept = (results: readonly Result[]): boolean =>
  results
    .filter(({ setup }) => setup.isSynchronous && !setup.isDirect)
    .every(
      ({ rounds, failure }) =>
        failure === null &&
        rounds.every(
          ({ tally, lost }) => tally.verdicts.stale + tally.verdicts.lost + lost.created + lost.revoked === 0,
        ),
    )
