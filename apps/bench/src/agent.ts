import { readFileSync } from "node:fs"
import { createRequire, register } from "node:module"
import type { Usage } from "./usage.ts"

/**
 * Loaded before everything else (`--import`) in each process that is measured: it tells what the process has used
 * by its own accounting, and ends it when the benchmark is gone, however that died.
 */
let bcrypts = 0

process.on("message", (message) => {
  if (message === "usage") process.send?.({ usage: readUsage() })
})
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"))
// A server that stops by itself must not be kept alive by this.
process.channel?.unref()

if (process.env.BENCH_COUNT_BCRYPTS) countBcrypts()
if (process.env.BENCH_STOCK_TRPC) useStockTrpc()

function readUsage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMicros: user + system, peakRssBytes: readPeakRss(), bcrypts }
}

/** On Linux what getrusage says begins with the size of the process that this one was forked from. */
function readPeakRss() {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
  return Number(kilobytes) * 1024
}

/** The module's one instance in this process, which the server is about to import too. */
function countBcrypts() {
  const bcrypt = createRequire(import.meta.url)("bcrypt")
  for (const name of ["compare", "hash"]) {
    const run = bcrypt[name]
    bcrypt[name] = (...args: unknown[]) => {
      bcrypts++
      return run(...args)
    }
  }
}

/** tRPC as it is published, for whoever imports it, instead of the one that Latchkey patches. */
function useStockTrpc() {
  const peers = JSON.stringify(new URL("../peers/dist/", import.meta.url))
  const hooks = `export const resolve = (name, context, next) =>
    next(name, name.startsWith("@trpc/server") ? { ...context, parentURL: ${peers} } : context)`
  register(`data:text/javascript,${encodeURIComponent(hooks)}`)
}
