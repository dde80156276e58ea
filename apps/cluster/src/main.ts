import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startCluster } from "./cluster.ts"
import { startInstances } from "./instances.ts"
import { startLoad } from "./load.ts"
import { type Options, readOptions, UsageError } from "./options.ts"
import { areKept, formatReport, type Result } from "./report.ts"
import { run } from "./run.ts"
import type { Setup } from "./setups.ts"
import { type Round, tryFault } from "./trial.ts"

const startedAt = performance.now()
const progress = (line: string) =>
  void process.stderr.write(
    `${String(Math.round((performance.now() - startedAt) / 1000)).padStart(5)} s  ${line}\n`,
  )

/** What is left to remove, the last first. */
const cleanUps: (() => Promise<void>)[] = []

async function cleanUp() {
  for (let next = cleanUps.pop(); next; next = cleanUps.pop()) await next().catch(() => {})
}

for (const [signal, number] of [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
] as const) {
  process.once(signal, async () => {
    await cleanUp()
    process.exit(128 + number)
  })
}

async function trySetup(options: Options, setup: Setup): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-cluster-"))
  await run(["chmod", "755", folder])
  cleanUps.push(() => rm(folder, { recursive: true, force: true }))
  progress(`${setup.name}: starting, logs in ${folder}`)
  const cluster = await startCluster({ ...options, folder, isSynchronous: setup.isSynchronous })
  cleanUps.push(cluster.remove)
  const url = setup.isDirect ? cluster.directUrl : cluster.url
  const instances = await startInstances(url, { folder, env: setup.env(cluster.directUrl) })
  cleanUps.push(instances.stop)
  const load = startLoad(instances)
  cleanUps.push(async () => load.stop())

  const rounds: Round[] = []
  let failure: string | null = null
  const trials = Array.from({ length: options.rounds }, () => options.faults).flat()
  for (const fault of trials) {
    try {
      const round = await tryFault(cluster, load, fault)
      rounds.push(round)
      progress(`${setup.name}: ${JSON.stringify(round)}`)
    } catch (error) {
      failure = `${fault.name}: ${(error as Error).message}`
      break
    }
  }
  const warnings = await instances.warnings()
  await cleanUp()
  return { setup, rounds, warnings, failure }
}

try {
  const options = readOptions(process.argv.slice(2))
  const results: Result[] = []
  for (const setup of options.setups) results.push(await trySetup(options, setup))
  const versions = [
    [...options.patroni, "--version"],
    ["etcd", "--version"],
    ["haproxy", "-v"],
  ]
  for (const version of versions) progress((await run(version)).split("\n")[0] ?? "")
  process.stdout.write(`\n${formatReport(results, options.faults)}`)
  process.exitCode = areKept(results) ? 0 : 1
} catch (error) {
  await cleanUp()
  process.stderr.write(`${error instanceof UsageError ? error.message : (error as Error).stack}\n`)
  process.exitCode = 2
}
