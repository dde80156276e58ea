import { randomBytes } from "node:crypto"
import { mkdir, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import type { Bench, Selection } from "./bench.ts"
import { drawChart } from "./chart.ts"
import { stopAllProcesses } from "./childProcess.ts"
import { listContenders } from "./contenders.ts"
import { familyOf, keepOn, shareOutCores } from "./cores.ts"
import { fillDatabases } from "./databases.ts"
import { goalsOf, isMet } from "./goals.ts"
import { startLoad } from "./load.ts"
import { describeMachine } from "./machine.ts"
import { type Options, readOptions, type Scale, UsageError } from "./options.ts"
import { createPostgresAccounting } from "./postgresAccounting.ts"
import { startPostgresServer } from "./postgresServer.ts"
import { formatReport } from "./report.ts"
import type { Results } from "./results.ts"
import { runRounds } from "./rounds.ts"
import { runScenarios, scenarioNames } from "./scenarios.ts"

const beganAt = performance.now()
const progress = (line: string) =>
  void process.stderr.write(
    `${String(Math.round((performance.now() - beganAt) / 1000)).padStart(4)} s  ${line}\n`,
  )

let endPostgres = async () => {}
/** What fails from then on fails because it was stopped. */
let isStopping = false

async function cleanUp() {
  await stopAllProcesses()
  await endPostgres()
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

/** The chosen contenders and scenarios; all when nothing was chosen. */
function select({ only, scale }: Options, secret: string): Selection {
  const isChosen = (name: string) => only === null || only.includes(name)
  return {
    contenders: listContenders(scale, secret).filter(({ name }) => isChosen(name)),
    scenarios: scenarioNames.filter(isChosen),
  }
}

async function run(options: Options, secret: string): Promise<Results> {
  const { scale, quick } = options
  const { contenders, scenarios } = select(options, secret)
  progress("starting PostgreSQL")
  const postgres = await startPostgresServer()
  endPostgres = async () => postgres[Symbol.asyncDispose]()
  const sizes = contenders.map(({ database }) => database).filter((database) => typeof database === "number")
  const databases = await fillDatabases(
    postgres,
    {
      latchkey: new Set([...sizes, ...(scenarios.length > 0 ? [scale.keys] : [])]),
      peers: new Set(contenders.filter(({ database }) => database === "peers").map(({ name }) => name)),
    },
    { secret, keys: scale.keys, sessions: scale.active, progress },
  )
  const cores = shareOutCores()
  if (cores) keepOn(cores.others, [process.pid, ...familyOf(postgres.pid)])
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

/** What is not the whole has a place of its own, so that it can't take the place of the real figures. */
async function save(results: Results, isWhole: boolean) {
  const folder = new URL("../results/", import.meta.url)
  const name = isWhole ? "bench" : "partial"
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
  const results = await run(options, secret)
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
