import type { Mutation } from "./loadSimulation.ts"
import type { scenarios } from "./scenarios.ts"

/** A version of the protocol that breaks a rule, and a run that shows why the rule is there. */
export interface Mutant {
  scenario: keyof typeof scenarios
  seed: number
  mutations: Mutation[]
}
