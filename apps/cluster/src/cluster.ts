import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { connect, freePort } from "@latchkey/test-postgres"
import { haproxyConfiguration, PORTS } from "./configuration.ts"
import { createMachine, type Machine, type MachineOptions } from "./machine.ts"
import { createNetwork, MACHINES } from "./network.ts"
import { run, startProcess, stopProcess } from "./run.ts"
import { waitFor } from "./waitFor.ts"

/** Three machines with Patroni, and HAProxy in front of them. */
export interface Cluster {
  machines: readonly Machine[]
  /** The database's URL through HAProxy. */
  url: string
  /** The database's URL with all machines as hosts. */
  directUrl: string
  /** The machine that is the primary according to its Patroni; undefined if none or several are. */
  primary(): Promise<Machine | undefined>
  /** Waits until there is one primary with two standbys. */
  settle(): Promise<void>
  /** Has Patroni's command hand the primary's role to a standby. */
  switchOver(from: Machine): Promise<void>
  remove(): Promise<void>
}

const SETTLE_SECONDS = 180

/** Starts a cluster, with Latchkey's role and database. */
export async function startCluster(
  options: Omit<MachineOptions, "network"> & { index: number; patronictl: readonly string[] },
): Promise<Cluster> {
  const { index, folder, isSynchronous } = options
  const network = await createNetwork(index)
  const machines = await Promise.all(
    MACHINES.map((machine) => createMachine(machine, { ...options, network })),
  )
  const port = await freePort()
  const configuration = join(folder, "haproxy.cfg")
  await writeFile(
    configuration,
    haproxyConfiguration(MACHINES.map(network.clientAddressOf), `127.0.0.1:${port}`),
  )
  for (const machine of machines) machine.start()
  const haproxy = startProcess(["haproxy", "-db", "-f", configuration], { log: join(folder, "haproxy.log") })

  const withRole = async (role: Parameters<Machine["is"]>[0]) => {
    const answers = await Promise.all(machines.map((machine) => machine.is(role)))
    return machines.filter((_, place) => answers[place])
  }

  const cluster: Cluster = {
    machines,
    url: `postgres://latchkey@127.0.0.1:${port}/latchkey`,
    directUrl: `postgres://latchkey@${machines.map(({ address }) => `${address}:${PORTS.postgres}`).join(",")}/latchkey?target_session_attrs=read-write`,
    async primary() {
      const [first, ...others] = await withRole("primary")
      return others.length === 0 ? first : undefined
    },
    settle: () =>
      waitFor(
        "one primary with two standbys",
        async () =>
          (await withRole("primary")).length === 1 &&
          (await withRole("replica")).length === 2 &&
          (!isSynchronous || (await withRole("synchronous")).length > 0),
        SETTLE_SECONDS,
      ),
    switchOver: async (from) =>
      void (await run([
        ...["ip", "netns", "exec", network.namespaceOf(machines.indexOf(from) + 1)],
        ...[...options.patronictl, "-c", join(folder, from.name, "patroni.json")],
        ...["switchover", "latchkey", "--force"],
      ])),
    async remove() {
      await stopProcess(haproxy)
      for (const machine of machines) await machine.remove()
      await network.remove()
    },
  }
  try {
    await cluster.settle()
    await createDatabase(await cluster.primary())
    return cluster
  } catch (error) {
    await cluster.remove()
    throw error
  }
}

async function createDatabase(primary: Machine | undefined) {
  if (!primary) throw new Error("the cluster has no primary")
  const sql = connect(`postgres://postgres@${primary.address}:${PORTS.postgres}/postgres`)
  await sql`create role latchkey login`
  await sql`grant pg_read_all_stats to latchkey`
  await sql`create database latchkey owner latchkey`
  await sql.end()
}
