import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** The cores for the server under test, and for PostgreSQL, the load generator and the benchmark. */
export interface Cores {
  server: string
  others: string
}

/**
 * Reserves one core for the server and the others for everything else.
 *
 * @returns null without `taskset`, or with only one core.
 */
export function assignCores(): Cores | null {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" })
    const [server, ...others] = allowedCores().reverse()
    return server === undefined || others.length === 0
      ? null
      : { server: `${server}`, others: others.join(",") }
  } catch {
    return null
  }
}

/** Pins processes to cores, with all their threads and future children. */
export function pinTo(cores: string, pids: readonly number[]): void {
  for (const pid of pids) execFileSync("taskset", ["-a", "-p", "-c", cores, `${pid}`], { stdio: "ignore" })
}

/** A process and its children. */
export function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()
  return [pid, ...(children === "" ? [] : children.split(" ").map(Number))]
}

function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? ""
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}
