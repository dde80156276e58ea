import type { Cluster } from "./cluster.ts"
import type { Machine } from "./machine.ts"

/** What happens to the primary, and how it ends. */
export interface Fault {
  name: string
  /** What is done, for the command's help. */
  title: string
  inject(cluster: Cluster, primary: Machine): Promise<void>
  heal(primary: Machine): Promise<void>
}

const restart = async (primary: Machine) => primary.start()

export const FAULTS: readonly Fault[] = [
  {
    name: "kill",
    title: "`kill -9` of the primary's machine: PostgreSQL, Patroni and etcd",
    inject: (_, primary) => primary.kill(),
    heal: restart,
  },
  {
    name: "stop",
    title: "Patroni stopped on the primary",
    inject: async (_, primary) => primary.stopPatroni(),
    heal: restart,
  },
  {
    name: "freeze",
    title: "the primary's machine frozen (SIGSTOP of all), and let go on after the failover",
    inject: (_, primary) => primary.freeze(),
    heal: (primary) => primary.thaw(),
  },
  {
    name: "hang",
    title: "Patroni and PostgreSQL frozen on the primary, and let go on after the failover",
    inject: (_, primary) => primary.hang(),
    heal: (primary) => primary.thaw(),
  },
  {
    name: "switchover",
    title: "`patronictl switchover`",
    inject: (cluster, primary) => cluster.switchOver(primary),
    heal: async () => {},
  },
  {
    name: "partition",
    title: "the primary cut off from the other machines and etcd, but not from HAProxy",
    inject: (_, primary) => primary.cutOff(),
    heal: (primary) => primary.reconnect(),
  },
  {
    name: "disk",
    title: "the primary's disk full",
    inject: (_, primary) => primary.fillDisk(),
    async heal(primary) {
      await primary.freeDisk()
      primary.start()
    },
  },
]
