import { describe, expect, it } from "vitest"
import { readOptions } from "../options.ts"
import type { ContenderResult, Measurement } from "../rounds.ts"
import { type Goal, goalsOf, isMet } from "./goals.ts"
import type { Results } from "./results.ts"

const { scale } = readOptions([], () => [])

function results(parts: Partial<Pick<Results, "contenders" | "scenarios">>): Results {
  const machine = {
    processor: "",
    cores: 2,
    memoryGb: 1,
    system: "",
    node: "",
    postgres: "",
    pinned: true,
    measuredAt: "",
  }
  return { machine, quick: false, scale, contenders: [], scenarios: {}, ...parts }
}

function contender(name: string, rounds: Partial<Measurement>[]): ContenderResult {
  const defaults: Measurement = {
    requestsPerSecond: 1,
    serverCpu: 1,
    postgresCpu: null,
    statements: 0,
    rowsWritten: 0,
    rowsWrittenBeforeResponse: 0,
    p50: 1,
    p99: 1,
    loadUtilization: 0.5,
  }
  return {
    contender: {
      name,
      title: name,
      script: "",
      env: {},
      path: "/",
      credentials: "sessions",
      connections: 32,
    },
    rounds: rounds.map((round) => ({ ...defaults, ...round })),
    peakRssBytes: 0,
  }
}

function goal(of: Results, title: string): Goal {
  const found = goalsOf(of).find((goal) => goal.title.includes(title))
  if (!found) throw new Error(`no goal "${title}"`)
  return found
}

describe("goalsOf", () => {
  it("pairs contenders round by round", () => {
    const contenders = [
      contender("latchkey-key", [{ serverCpu: 60 }, { serverCpu: 120 }, { serverCpu: 61 }]),
      contender("trpc-fetch", [{ serverCpu: 100 }, { serverCpu: 200 }, { serverCpu: 100 }]),
    ]
    const { figure } = goal(results({ contenders }), "fetch adapter")
    expect(figure).toEqual({ median: 0.6, min: 0.6, max: 0.61 })
  })

  it("divides the cost of authentication by the cost of a bare response", () => {
    const contenders = [
      contender("latchkey-key", [{ serverCpu: 64 }]),
      contender("latchkey-open", [{ serverCpu: 45 }]),
      contender("bare-http", [{ serverCpu: 20 }]),
    ]
    expect(goal(results({ contenders }), "bare node:http").figure?.median).toBeCloseTo(0.95)
  })

  it("gives no verdict on goals that were not measured", () => {
    expect(goalsOf(results({})).map(isMet)).toEqual(goalsOf(results({})).map(() => null))
    const contenders = [contender("latchkey-key", [{}])]
    expect(isMet(goal(results({ contenders }), "Better Auth"))).toBeNull()
  })

  it("is not met if a single revoked key was accepted", () => {
    const revocations = {
      alone: [1],
      duringRevocations: [1],
      revoked: 50,
      acceptedBefore: 9,
      sentAfter: 9,
      stale: 1,
    }
    expect(isMet(goal(results({ scenarios: { revocations } }), "revoked keys"))).toBe(false)
  })

  it("is not met if a guess was accepted or caused an error", () => {
    const guesses = { alone: [10], duringGuesses: [9], statuses: { 401: 5, 503: 5, 500: 1 }, bcrypts: 5 }
    expect(isMet(goal(results({ scenarios: { guesses } }), "status other than"))).toBe(false)
    expect(isMet(goal(results({ scenarios: { guesses } }), "÷ alone"))).toBe(true)
  })
})

describe("isMet", () => {
  const figure = { median: 1, min: 0, max: 2 }
  const base = { title: "", unit: "" as const, figure }
  it("includes the limit", () => {
    expect(isMet({ ...base, bound: "at most", limit: 1 })).toBe(true)
    expect(isMet({ ...base, bound: "at least", limit: 1 })).toBe(true)
  })
  it("compares the median", () => {
    expect(isMet({ ...base, bound: "at most", limit: 0.99 })).toBe(false)
    expect(isMet({ ...base, bound: "at least", limit: 1.01 })).toBe(false)
  })
})
