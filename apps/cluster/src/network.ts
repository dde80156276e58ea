import { run, tryToRun } from "./run.ts"

/** How many machines a cluster has. */
export const MACHINES = [1, 2, 3] as const

/** The names and addresses of a cluster's networks: one between its machines, and one to its clients. */
export interface Network {
  bridges: { cluster: string; clients: string }
  namespaceOf(machine: number): string
  /** Where the other machines reach a machine. */
  clusterAddressOf(machine: number): string
  /** Where HAProxy and Latchkey reach a machine. */
  clientAddressOf(machine: number): string
  /** Cuts a machine off from the others, silently. Clients still reach it. */
  cutOff(machine: number): Promise<void>
  reconnect(machine: number): Promise<void>
  remove(): Promise<void>
}

/**
 * Makes two networks of bridges, and a network namespace for each machine.
 *
 * @param index tells clusters apart that run at the same time, 0 to 9.
 */
export async function createNetwork(index: number): Promise<Network> {
  const prefix = `lk${index}`
  const bridges = { cluster: `${prefix}-cluster`, clients: `${prefix}-clients` }
  const namespaceOf = (machine: number) => `${prefix}-${machine}`
  const clusterAddressOf = (machine: number) => `10.83.${index}.${10 + machine}`
  const clientAddressOf = (machine: number) => `10.84.${index}.${10 + machine}`
  const cableOf = (machine: number, kind: "c" | "l") => `${prefix}${kind}${machine}`

  async function remove() {
    for (const machine of MACHINES) {
      await killAll(namespaceOf(machine))
      // They would end with their namespace, but later.
      for (const kind of ["c", "l"] as const) await tryToRun(["ip", "link", "delete", cableOf(machine, kind)])
      await tryToRun(["ip", "netns", "delete", namespaceOf(machine)])
    }
    for (const bridge of Object.values(bridges)) await tryToRun(["ip", "link", "delete", bridge])
  }

  async function plug(machine: number, kind: "c" | "l", address: string, bridge: string) {
    const cable = cableOf(machine, kind)
    const namespace = namespaceOf(machine)
    await run(["ip", "link", "add", cable, "type", "veth", "peer", "name", `eth-${kind}`, "netns", namespace])
    await run(["ip", "link", "set", cable, "master", bridge, "up"])
    await run(["ip", "-n", namespace, "address", "add", `${address}/24`, "dev", `eth-${kind}`])
    await run(["ip", "-n", namespace, "link", "set", `eth-${kind}`, "up"])
  }

  async function build() {
    for (const bridge of Object.values(bridges)) {
      await run(["ip", "link", "add", bridge, "type", "bridge"])
      await run(["ip", "link", "set", bridge, "up"])
    }
    await run(["ip", "address", "add", `10.84.${index}.1/24`, "dev", bridges.clients])
    for (const machine of MACHINES) {
      await run(["ip", "netns", "add", namespaceOf(machine)])
      await run(["ip", "-n", namespaceOf(machine), "link", "set", "lo", "up"])
      await plug(machine, "c", clusterAddressOf(machine), bridges.cluster)
      await plug(machine, "l", clientAddressOf(machine), bridges.clients)
    }
  }

  await remove()
  try {
    await build()
  } catch (error) {
    await remove()
    throw error
  }
  return {
    bridges,
    namespaceOf,
    clusterAddressOf,
    clientAddressOf,
    cutOff: async (machine) => void (await run(["ip", "link", "set", cableOf(machine, "c"), "nomaster"])),
    reconnect: async (machine) =>
      void (await run(["ip", "link", "set", cableOf(machine, "c"), "master", bridges.cluster])),
    remove,
  }
}

/** The processes of a namespace. */
async function processesOf(namespace: string): Promise<number[]> {
  const listed = await tryToRun(["ip", "netns", "pids", namespace])
  return listed.split("\n").filter(Boolean).map(Number)
}

/**
 * Sends a signal to the processes of a namespace.
 *
 * @param except the id of a process that is spared.
 */
export async function signalAll(
  namespace: string,
  signal: NodeJS.Signals,
  { except }: { except?: number | undefined } = {},
): Promise<void> {
  const processes = await processesOf(namespace)
  for (const pid of processes.filter((each) => each !== except)) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Kills all processes of a namespace, and those that they have started meanwhile. */
export async function killAll(namespace: string): Promise<void> {
  while ((await processesOf(namespace)).length > 0) await signalAll(namespace, "SIGKILL")
}
