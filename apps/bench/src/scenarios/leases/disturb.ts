import { setTimeout as sleep } from "node:timers/promises"
import type { Distance } from "./distance.ts"
import type { Instance } from "./instance.ts"

/** An instance, and its own way to the database. */
export interface Disturbed {
  instance: Instance
  distance: Distance
  /** Whether something is wrong with it now. */
  isIll: boolean
}

const between = (least: number, most: number) => least + Math.random() * (most - least)

/** Stops all processes of an instance. @returns what lets them go on. */
export function stopProcesses(instance: Instance): () => void {
  const pids = instance.processes()
  signal(pids, "SIGSTOP")
  return () => signal(pids, "SIGCONT")
}

/** Those that have ended meanwhile are left out. */
function signal(pids: readonly number[], name: "SIGSTOP" | "SIGCONT" | "SIGKILL") {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
    }
  }
}

const faults = {
  async SIGSTOP({ instance }: Disturbed) {
    const goOn = stopProcesses(instance)
    await sleep(between(200, 5_000))
    goOn()
  },
  /** Of several workers only one, which is replaced. */
  async "kill -9"({ instance }: Disturbed) {
    if (instance.workers > 1) {
      const workers = instance.processes()
      // With the last one, the server itself may end.
      if (workers.length === instance.workers) signal(workers.slice(0, 1), "SIGKILL")
      return void (await sleep(1_000))
    }
    await instance.kill()
    await sleep(between(200, 2_000))
    await instance.start()
  },
  async partition({ distance }: Disturbed) {
    distance.cutOff()
    await sleep(between(200, 5_000))
    distance.join()
  },
}

export type Fault = keyof typeof faults

/** Does one thing after the other to an instance, with pauses, until it is told to stop. */
export async function disturb(
  disturbed: Disturbed,
  { isOver, onFault }: { isOver: () => boolean; onFault: (fault: Fault) => void },
): Promise<void> {
  const names = Object.keys(faults) as Fault[]
  for (let turn = Math.floor(between(0, names.length)); !isOver(); turn++) {
    await sleep(between(500, 2_000))
    await disturbed.instance.untilReplaced()
    const name = names[turn % names.length]
    if (!name || isOver()) return
    onFault(name)
    disturbed.isIll = true
    await faults[name](disturbed)
    disturbed.isIll = false
  }
}
