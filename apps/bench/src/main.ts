import { randomBytes } from "node:crypto"
import { mkdir, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import type { Bench, Selection } from "./bench.ts"
import { stopAllProcesses } from "./childProcess.ts"
import { listContenders } from "./contenders.ts"
import { assignCores, pinTo, withChildren } from "./cores.ts"
import { seedDatabases } from "./databases.ts"
import { startLoad } from "./load.ts"
import { describeMachine } from "./machine.ts"
import { type Options, readOptions, type Scale, UsageError } from "./options.ts"
import { createPostgresAccounting } from "./postgresAccounting.ts"
import { startPostgresServer } from "./postgresServer.ts"
import { drawChart } from "./reporting/chart.ts"
import { goalsOf, isMet } from "./reporting/goals.ts"
import { formatReport } from "./reporting/report.ts"
import type { Results } from "./reporting/results.ts"
import { runRounds } from "./rounds.ts"
import { runScenarios, scenarioNames } from "./scenarios.ts"

const startedAt = performance.now()
const progress = (line: string) =>
  void process.stderr.write(
    `${String(Math.round((performance.now() - startedAt) / 1000)).padStart(4)} s  ${line}\n`,
  )

let stopPostgres = async () => {}
/** Errors while stopping are expected, and not reported. */
let isStopping = false

async function cleanUp() {
  await stopAllProcesses()
  await stopPostgres()
}

for (const [signal, number] of [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
] as const) {
  process.once(signal, async () => {
    isStopping = true
    await cleanUp()
    process.exit(128 + number)
  })
}

/** The selected contenders and scenarios; all by default. */
function select({ only, scale }: Options, secret: string): Selection {
  const isSelected = (name: string) => only === null || only.includes(name)
  return {
    contenders: listContenders(scale, secret).filter(({ name }) => isSelected(name)),
    scenarios: scenarioNames.filter(isSelected),
  }
}

async function measureAll(options: Options, secret: string): Promise<Results> {
  const { scale, quick } = options
  const { contenders, scenarios } = select(options, secret)
  progress("starting PostgreSQL")
  const postgres = await startPostgresServer()
  stopPostgres = async () => postgres[Symbol.asyncDispose]()
  const sizes = contenders.map(({ database }) => database).filter((database) => typeof database === "number")
  const databases = await seedDatabases(
    postgres,
    {
      latchkey: new Set([...sizes, ...(scenarios.length > 0 ? [scale.keys] : [])]),
      peers: new Set([
        ...contenders.filter(({ database }) => database === "peers").map(({ name }) => name),
        ...(scenarios.includes("distance") ? ["better-auth"] : []),
      ]),
    },
    { secret, keys: scale.keys, sessions: scale.active, progress },
  )
  const cores = assignCores()
  if (cores) pinTo(cores.others, [process.pid, ...withChildren(postgres.pid)])
  const bench: Bench = {
    scale,
    cores,
    secret,
    postgres,
    databases,
    load: await startLoad(),
    postgresUsageOf: createPostgresAccounting(postgres.sql),
    progress,
  }
  return {
    machine: describeMachine(postgres.version, cores),
    quick,
    scale,
    contenders: await runRounds(bench, contenders),
    scenarios: await runScenarios(bench, scenarios),
  }
}

/** Saves partial results in other files, so that they can't replace the complete ones. */
async function save(results: Results, isComplete: boolean) {
  const folder = new URL("../results/", import.meta.url)
  const name = isComplete ? "bench" : "partial"
  await mkdir(folder, { recursive: true })
  const json = { ...results, contenders: results.contenders.map(withoutSecrets), goals: goalsOf(results) }
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(json, null, 2)}\n`)
  await writeFile(new URL(`${name}.svg`, folder), drawChart(results))
  progress(`written to ${fileURLToPath(new URL(`${name}.{json,svg}`, folder))}`)
}

const withoutSecrets = ({
  contender: { name, title, connections, path },
  ...rest
}: Results["contenders"][number]) => ({
  name,
  title,
  connections,
  path,
  ...rest,
})

const secret = randomBytes(32).toString("hex")
const namesAt = (scale: Scale) => [...listContenders(scale, secret).map(({ name }) => name), ...scenarioNames]
try {
  const options = readOptions(process.argv.slice(2), namesAt)
  const results = await measureAll(options, secret)
  await cleanUp()
  await save(results, !options.quick && options.only === null)
  process.stdout.write(`\n${formatReport(results)}`)
  process.exitCode = goalsOf(results).some((goal) => isMet(goal) === false) ? 1 : 0
} catch (error) {
  await cleanUp()
  if (!isStopping)
    process.stderr.write(`${error instanceof UsageError ? error.message : (error as Error).stack}\n`)
  process.exitCode = 2
}
