import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** Which cores the server under test may use, and which are left to PostgreSQL, the load and the benchmark. */
export interface Cores {
  server: string
  others: string
}

/**
 * One core for the server and the rest for everything else.
 *
 * @returns null where cores can't be chosen: no `taskset`, or one core only.
 */
export function shareOutCores(): Cores | null {
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

/** Keeps processes, all their threads and what they start from here on, to some cores. */
export function keepOn(cores: string, pids: readonly number[]): void {
  for (const pid of pids) execFileSync("taskset", ["-a", "-p", "-c", cores, `${pid}`], { stdio: "ignore" })
}

/** A process and those that it has started. */
export function familyOf(pid: number): number[] {
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
