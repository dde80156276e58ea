import { parseArgs } from "node:util"

/** The extent of a run. */
export interface Scale {
  rounds: number
  /** The length of a measurement. */
  seconds: number
  /** Before the first measurement: this many responses, but at most this many seconds. */
  warmUp: { amount: number; seconds: number }
  /** Keys in the tables of all contenders. */
  keys: number
  /** Other table sizes that Latchkey is measured with. */
  otherSizes: readonly number[]
  connections: number
  otherConnections: readonly number[]
  /** The number of keys, and of sessions, that the load uses, spread evenly over the table. */
  active: number
  /** The number of keys for the measurement with many keys; if absent, it is skipped. */
  manyActive?: number
  /** Requests per round for the bcrypt contender with 100 keys. */
  slowRequests: number
  scenarioRounds: number
  /** Different keys in the memory scenario. */
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

/** Enough for a rough picture, in under a minute on an idle machine. */
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

/** The contenders and scenarios with goals. Their warm-up takes most of a quick run, so it leaves out the others. */
const QUICK_NAMES = [
  "bare-http",
  "trpc-fetch",
  "latchkey-open",
  "latchkey-key",
  "latchkey-key-restricted",
  "latchkey-jwt",
  "in-process",
  "introspection",
  "sdk-verify",
  "product-api",
  "better-auth",
  "better-auth-in-process",
  "bcrypt-100",
  "latchkey-key-1000",
  "flood",
  "guesses",
  "revocations",
  "start",
]

export interface Options {
  quick: boolean
  /** The selected contenders and scenarios; null selects all. */
  only: readonly string[] | null
  scale: Scale
}

/** Invalid command-line arguments. The message lists the valid ones. */
export class UsageError extends Error {
  override name = "UsageError"
}

/**
 * Reads the command line.
 *
 * @param namesAt lists the contenders and scenarios of a scale.
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
    throw new UsageError(`--only: unknown name ${unknown.join(", ")}; available: ${names.join(", ")}`)
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

const USAGE = `npm run bench -- [--quick] [--only <names>]

  --quick         smaller tables, fewer contenders, shorter rounds; takes a minute
  --only <names>  contenders and scenarios, separated by commas; see apps/bench/README.md`
