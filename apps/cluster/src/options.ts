import { parseArgs } from "node:util"
import type { Times } from "./configuration.ts"
import { FAULTS, type Fault } from "./faults.ts"
import { SETUPS, type Setup } from "./setups.ts"

export interface Options {
  setups: readonly Setup[]
  faults: readonly Fault[]
  rounds: number
  times: Times
  /** Tells runs apart that share a machine, 0 to 9. */
  index: number
  /** PostgreSQL's programs. */
  bin: string
  patroni: readonly string[]
  patronictl: readonly string[]
}

const describe = (all: readonly { name: string; title: string }[]) =>
  all.map(({ name, title }) => `  ${name.padEnd(14)}  ${title}`).join("\n")

export const USAGE = `npm run cluster -- [options]

  --setups a,b      some of those below
  --faults a,b      some of those below
  --rounds 5        of each fault
  --times 30,10,10  Patroni's ttl, loop_wait and retry_timeout in seconds
  --patroni FOLDER  a checkout of Patroni's repository, instead of the installed one
  --bin FOLDER      PostgreSQL's programs, by default /usr/lib/postgresql/15/bin
  --index 0         0 to 9, different for runs at the same time

Set-ups:
${describe(SETUPS)}

Faults:
${describe(FAULTS)}
`

/** The command line can't be used. */
export class UsageError extends Error {}

/** @throws {UsageError} */
export function readOptions(args: string[]): Options {
  const { values } = parseOptions(args)
  if (values.help) throw new UsageError(USAGE)
  const [ttl, loopWait, retryTimeout] = (values.times ?? "30,10,10").split(",").map(wholeNumber)
  if (!ttl || !loopWait || !retryTimeout) throw new UsageError("--times: expected three numbers")
  const checkout = values.patroni
  return {
    setups: select("setups", SETUPS, values.setups),
    faults: select("faults", FAULTS, values.faults),
    rounds: wholeNumber(values.rounds ?? "5"),
    times: { ttl, loopWait, retryTimeout },
    index: wholeNumber(values.index ?? "0"),
    bin: values.bin ?? "/usr/lib/postgresql/15/bin",
    // Debian's Python has the modules that Patroni needs.
    patroni: checkout ? ["/usr/bin/python3", `${checkout}/patroni.py`] : ["patroni"],
    patronictl: checkout ? ["/usr/bin/python3", `${checkout}/patronictl.py`] : ["patronictl"],
  }
}

function parseOptions(args: string[]) {
  const text = { type: "string" } as const
  try {
    return parseArgs({
      args,
      options: {
        setups: text,
        faults: text,
        rounds: text,
        times: text,
        patroni: text,
        bin: text,
        index: text,
        help: { type: "boolean" },
      },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`)
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new UsageError(`expected a whole number instead of ${text}`)
  return Number(text)
}

function select<Item extends { name: string }>(option: string, all: readonly Item[], names?: string) {
  if (names === undefined) return all
  return names.split(",").map((name) => {
    const found = all.find((item) => item.name === name)
    if (!found)
      throw new UsageError(`--${option}: ${name} is none of ${all.map((item) => item.name).join(", ")}`)
    return found
  })
}
