import { setTimeout as sleep } from "node:timers/promises"
import { freePort } from "@latchkey/test-postgres"
import { type BenchProcess, startProcess } from "../../childProcess.ts"
import { LATCHKEY_SERVER, latchkeyEnv } from "../../contenders.ts"
import { withChildren } from "../../cores.ts"

/** A server that is stopped, killed and started again. */
export interface Instance {
  readonly url: string
  /** Workers that answer in turns. */
  readonly workers: number
  /** The processes that answer. */
  processes(): number[]
  start(): Promise<void>
  /** Resolves when a process that has ended by itself is replaced. */
  untilReplaced(): Promise<void>
  /** `kill -9`. */
  kill(): Promise<void>
}

const READY_WITHIN_MS = 60_000

/** @param options.databaseUrl by the way that this instance takes. */
export async function createInstance(options: {
  databaseUrl: string
  secret: string
  lease: number
  workers: number
  onCrash: (error: unknown) => void
}): Promise<Instance> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    ...latchkeyEnv(options.secret),
    DATABASE_URL: options.databaseUrl,
    HOST: "127.0.0.1",
    PORT: `${port}`,
    WORKERS: `${options.workers}`,
    VERIFY_LEASE: `${options.lease}`,
    // All requests come from one address.
    RATE_LIMIT_FACTOR: "1000000",
    LOG_LEVEL: "fatal",
  }
  let server: BenchProcess | undefined
  let starting = Promise.resolve()

  /** A process that ends by itself is started again. */
  function watch(started: BenchProcess) {
    started.receive("end").catch((error: unknown) => {
      if (server !== started) return
      options.onCrash(error)
      server = undefined
      starting = start()
      starting.catch(options.onCrash)
    })
  }

  /** Starts it again until it is ready, as a supervisor does. */
  async function start() {
    for (const giveUpAt = performance.now() + READY_WITHIN_MS; ; await sleep(50)) {
      if (!(await server?.usage().catch(() => null))) server = startProcess(LATCHKEY_SERVER, { env })
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
      if (response?.ok && server) return watch(server)
      if (performance.now() > giveUpAt) throw new Error(`${url} is not ready in time`)
    }
  }

  await start()
  return {
    url,
    workers: options.workers,
    processes() {
      if (!server) return []
      try {
        const all = withChildren(server.pid)
        return options.workers > 1 ? all.slice(1) : all
      } catch (error) {
        // It has just ended.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
        throw error
      }
    },
    start,
    untilReplaced: () => starting,
    async kill() {
      const killed = server
      server = undefined
      await killed?.stop()
    },
  }
}
