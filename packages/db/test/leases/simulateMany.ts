import { loadSimulation } from "./loadSimulation.ts"
import { mutants } from "./mutants.ts"
import { scenarios } from "./scenarios.ts"

// Usage: node --import tsx packages/db/test/leases/simulateMany.ts [runs] [first seed] [scenarios, or a mutant]
//
// Runs all scenarios, some of them (separated by commas), or the one of a mutant, each with this number of seeds.

const [runs, first] = [Number(process.argv[2] ?? 1_000), Number(process.argv[3] ?? 1)]
const mutant = mutants[process.argv[4] ?? ""]
const selected = mutant ? [mutant.scenario] : (process.argv[4]?.split(",") ?? Object.keys(scenarios))
const unknown = selected.filter((name) => !(name in scenarios))
if (unknown.length > 0)
  throw new TypeError(`unknown: ${unknown}; known: ${Object.keys({ ...scenarios, ...mutants }).join("; ")}`)
// Every unanswered statement creates an error, and half of the time went into collecting the stacks.
Error.stackTraceLimit = 0

const { simulate } = await loadSimulation(mutant?.mutations ?? [])
let violated = 0
for (const [name, scenario] of Object.entries(scenarios)) {
  if (!selected.includes(name)) continue
  const violating: number[] = []
  const totals = { remembered: 0, answered: 0 }
  for (let seed = first; seed < first + runs; seed++) {
    const { violations, remembered, answered } = await simulate(scenario, seed)
    if (violations.length > 0) violating.push(seed)
    totals.remembered += remembered
    totals.answered += answered
  }
  violated += violating.length
  process.stdout.write(
    `${name}: ${violating.length} of ${runs} runs have violations${violating.length > 0 ? ` (${violating.slice(0, 10)})` : ""}; ` +
      `${totals.answered} revocations answered, ${totals.remembered} verdicts from memory\n`,
  )
}
process.exitCode = violated > 0 ? 1 : 0
