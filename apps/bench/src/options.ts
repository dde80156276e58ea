import { parseArgs } from "node:util"

/** How much is measured. */
export interface Scale {
  rounds: number
  /** Of one measurement. */
  seconds: number
  /** Before the first: this many answers, or as many as there are in so many seconds. */
  warmUp: { amount: number; seconds: number }
  /** Keys in the tables of all contenders. */
  keys: number
  /** Tables of other sizes that Latchkey is measured on. */
  otherSizes: readonly number[]
  connections: number
  otherConnections: readonly number[]
  /** How many keys, and how many sessions, the load uses, evenly spread over the table. */
  active: number
  /** The same where there are many; absent: that is not measured. */
  manyActive?: number
  /** Requests that the bcrypt contender with 100 keys answers in a round. */
  slowRequests: number
  scenarioRounds: number
  /** Different keys that are verified to see what they cost in memory. */
  memoryKeys: number
  starts: number
}

const FULL: Scale = {
  rounds: 5,
  seconds: 5,
  warmUp: { amount: 50_000, seconds: 10 },
  keys: 1_000_000,
  otherSizes: [1_000, 100_000],
  connections: 32,
  otherConnections: [1, 256],
  active: 1_000,
  manyActive: 50_000,
  slowRequests: 2,
  scenarioRounds: 5,
  memoryKeys: 1_000_000,
  starts: 5,
}

/** Enough to see roughly how it stands, in under a minute where nothing else runs. */
const QUICK: Scale = {
  rounds: 2,
  seconds: 0.5,
  warmUp: { amount: 15_000, seconds: 3 },
  keys: 20_000,
  otherSizes: [1_000],
  connections: 32,
  otherConnections: [],
  active: 1_000,
  slowRequests: 1,
  scenarioRounds: 1,
  memoryKeys: 5_000,
  starts: 2,
}

/** Those that goals are about; the time goes into warming these up rather than into more of them. */
const QUICK_NAMES = [
  "bare-http",
  "trpc-fetch",
  "latchkey-open",
  "latchkey-key",
  "latchkey-jwt",
  "better-auth",
  "bcrypt-100",
  "latchkey-key-1000",
  "flood",
  "guesses",
  "revocations",
  "start",
]

export interface Options {
  quick: boolean
  /** Names of contenders and scenarios; null: all. */
  only: readonly string[] | null
  scale: Scale
}

/** The command line asks for what there is not; the message says what there is. */
export class UsageError extends Error {
  override name = "UsageError"
}

/**
 * Reads the command line.
 *
 * @param namesAt the contenders and scenarios that there are at a scale.
 * @throws {UsageError}
 */
export function readOptions(args: readonly string[], namesAt: (scale: Scale) => readonly string[]): Options {
  const { quick, only: lists } = parse(args)
  const scale = quick ? QUICK : FULL
  const only =
    lists?.flatMap((list) => list.split(",")).map((name) => name.trim()) ?? (quick ? QUICK_NAMES : null)
  const names = namesAt(scale)
  const unknown = only?.filter((name) => !names.includes(name)) ?? []
  if (unknown.length > 0)
    throw new UsageError(`--only: no ${unknown.join(", ")}; there are ${names.join(", ")}`)
  return { quick, only, scale }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: args.filter((arg) => arg !== "--"),
      options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true } },
    }).values
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`)
  }
}

const USAGE = `pnpm bench [--quick] [--only <names>]

  --quick         smaller tables, fewer contenders, shorter rounds: a minute
  --only <names>  contenders and scenarios, separated by commas; see apps/bench/README.md`
