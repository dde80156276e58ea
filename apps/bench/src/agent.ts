import cluster from "node:cluster"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Usage } from "./usage.ts"

/**
 * Preloaded (`--import`) into each measured process: reports the process's resource usage, and kills the process when
 * the benchmark exits or crashes.
 */
let bcrypts = 0

process.on("message", (message) => {
  if (message === "usage") process.send?.({ usage: readUsage() })
})
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"))
// Don't keep a server alive that has nothing else to do. A worker of a cluster lives as long as its primary.
if (!cluster.isWorker) process.channel?.unref()

if (process.env.BENCH_COUNT_BCRYPTS) countBcrypts()

function readUsage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMicros: user + system, peakRssBytes: readPeakRss(), bcrypts }
}

/** Reads VmHWM on Linux, because getrusage there includes the size of the process that this one was forked from. */
function readPeakRss() {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
  return Number(kilobytes) * 1024
}

/** Patches the instance of the module that the server will import. */
function countBcrypts() {
  const bcrypt = createRequire(import.meta.url)("bcrypt")
  for (const name of ["compare", "hash"]) {
    const original = bcrypt[name]
    bcrypt[name] = (...args: unknown[]) => {
      bcrypts++
      return original(...args)
    }
  }
}
