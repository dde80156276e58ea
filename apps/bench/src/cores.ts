import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** Which cores the server under test may use, and which are left to PostgreSQL, the load and the benchmark. */
export interface Cores {
  server: string
  others: string
}

/**
 * One core for the server and the rest for everything else. Everything that this process starts from here on
 * stays on the rest unless told otherwise.
 *
 * @returns null where cores can't be chosen: no `taskset`, or one core only.
 */
export function shareOutCores(): Cores | null {
  try {
    const [server, ...others] = allowedCores().reverse()
    if (server === undefined || others.length === 0) return null
    const cores = { server: `${server}`, others: others.join(",") }
    execFileSync("taskset", ["-a", "-p", "-c", cores.others, `${process.pid}`], { stdio: "ignore" })
    return cores
  } catch {
    return null
  }
}

function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? ""
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}
