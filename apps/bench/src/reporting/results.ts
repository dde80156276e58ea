import type { Machine } from "../machine.ts"
import type { Scale } from "../options.ts"
import type { ContenderResult } from "../rounds.ts"
import type { ScenarioResults } from "../scenarios.ts"

/** The results of a run. */
export interface Results {
  machine: Machine
  quick: boolean
  scale: Scale
  contenders: readonly ContenderResult[]
  scenarios: ScenarioResults
}
