import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { unprivilegedUser } from "@latchkey/test-postgres"
import { PORTS, patroniConfiguration, type Times } from "./configuration.ts"
import { killAll, MACHINES, type Network, signalAll } from "./network.ts"
import { run, startProcess, tryToRun } from "./run.ts"

/** One of the three: etcd, Patroni and its PostgreSQL, with a disk of its own. */
export interface Machine {
  name: string
  /** Where clients reach it. */
  address: string
  /** Starts what does not run. */
  start(): void
  /** Ends all of its processes at once. */
  kill(): Promise<void>
  /** Stops Patroni, which stops PostgreSQL. */
  stopPatroni(): void
  freeze(): Promise<void>
  /** Freezes all of its processes but etcd. */
  hang(): Promise<void>
  thaw(): Promise<void>
  cutOff(): Promise<void>
  reconnect(): Promise<void>
  fillDisk(): Promise<void>
  freeDisk(): Promise<void>
  /** Whether Patroni answers a health check, such as `primary`, with 200. */
  is(role: "primary" | "replica" | "synchronous"): Promise<boolean>
  remove(): Promise<void>
}

export interface MachineOptions {
  network: Network
  times: Times
  isSynchronous: boolean
  /** Where the cluster keeps its files. */
  folder: string
  /** PostgreSQL's programs. */
  bin: string
  /** The command that starts Patroni. */
  patroni: readonly string[]
}

const DISK_SIZE = "400m"

/** Prepares a machine, and starts nothing. */
export async function createMachine(index: number, options: MachineOptions): Promise<Machine> {
  const { network, patroni } = options
  const name = `db${index}`
  const folder = join(options.folder, name)
  const user = unprivilegedUser()
  if (!user) throw new Error("network namespaces and small disks need root")
  const owner = `${user.uid}:${user.gid}`
  const disk = join(folder, "disk")
  await run(["mkdir", "-p", disk, join(folder, "etcd")])
  await run(["mount", "-t", "tmpfs", "-o", `size=${DISK_SIZE}`, "latchkey-cluster", disk])
  await run(["mkdir", join(disk, "data")])
  await writeFile(
    join(folder, "patroni.json"),
    patroniConfiguration(network, { ...options, machine: index, folder }),
  )
  await run(["chown", "-R", owner, folder])
  await run(["chmod", "700", join(disk, "data"), join(folder, "etcd")])

  const namespace = network.namespaceOf(index)
  const asUser = ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"]
  const inside = ["ip", "netns", "exec", namespace, ...asUser]
  const processes = new Map<string, ReturnType<typeof startProcess>>()

  function startOne(program: string, command: readonly string[]) {
    const running = processes.get(program)
    if (running && running.exitCode === null && running.signalCode === null) return
    const log = join(folder, `${program}.log`)
    processes.set(program, startProcess([...inside, ...command], { log, env: { HOME: folder } }))
  }

  return {
    name,
    address: network.clientAddressOf(index),
    start() {
      startOne("etcd", etcdCommand(network, index, join(folder, "etcd")))
      startOne("patroni", [...patroni, join(folder, "patroni.json")])
    },
    kill: () => killAll(namespace),
    stopPatroni: () => void processes.get("patroni")?.kill("SIGTERM"),
    freeze: () => signalAll(namespace, "SIGSTOP"),
    hang: () => signalAll(namespace, "SIGSTOP", { except: processes.get("etcd")?.pid }),
    thaw: () => signalAll(namespace, "SIGCONT"),
    cutOff: () => network.cutOff(index),
    reconnect: () => network.reconnect(index),
    fillDisk: async () => void (await tryToRun(["dd", "if=/dev/zero", `of=${disk}/filler`, "bs=64k"])),
    freeDisk: async () => void (await run(["rm", "-f", `${disk}/filler`])),
    async is(role) {
      try {
        const url = `http://${network.clientAddressOf(index)}:${PORTS.patroni}/${role}`
        const response = await fetch(url, { signal: AbortSignal.timeout(1_000) })
        await response.arrayBuffer()
        return response.status === 200
      } catch {
        return false
      }
    },
    async remove() {
      await killAll(namespace)
      await run(["umount", disk])
    },
  }
}

/** The elections are slow, since all machines share the processors of one. */
function etcdCommand(network: Network, index: number, data: string): string[] {
  const own = network.clusterAddressOf(index)
  const peerUrlOf = (machine: number) => `http://${network.clusterAddressOf(machine)}:${PORTS.etcdPeers}`
  const clientUrl = `http://${own}:${PORTS.etcd}`
  return [
    ...["etcd", "--name", `db${index}`, "--data-dir", data, "--log-level", "error"],
    ...["--listen-peer-urls", peerUrlOf(index), "--initial-advertise-peer-urls", peerUrlOf(index)],
    ...["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
    ...["--initial-cluster", MACHINES.map((each) => `db${each}=${peerUrlOf(each)}`).join(",")],
    ...["--heartbeat-interval", "250", "--election-timeout", "2500"],
  ]
}
