import { setTimeout as sleep } from "node:timers/promises"
import { freePort } from "@latchkey/test-postgres"
import type { Bench } from "../bench.ts"
import { startProcess } from "../childProcess.ts"
import { LATCHKEY_SERVER, latchkeyEnv } from "../contenders.ts"

export interface StartResult {
  /** Seconds from the start of the process to the first 200 from `/readyz`, for each start. */
  seconds: number[]
}

const GIVE_UP_AFTER_MS = 20_000

/** Measures how long the server takes to start, on a migrated and full database. */
export async function measureStart(bench: Bench): Promise<StartResult> {
  const seconds: number[] = []
  for (let start = 1; start <= bench.scale.starts; start++) {
    const port = await freePort()
    const env = {
      ...latchkeyEnv(bench.secret),
      PORT: `${port}`,
      DATABASE_URL: bench.databases.urlOf(bench.scale.keys),
    }
    const startedAt = performance.now()
    await using server = startProcess(LATCHKEY_SERVER, { env, core: bench.cores?.server })
    while (!(await isReady(port))) {
      if (performance.now() - startedAt > GIVE_UP_AFTER_MS) throw new Error("the server did not become ready")
      await sleep(5)
    }
    seconds.push((performance.now() - startedAt) / 1000)
    bench.progress(`start ${start} of ${bench.scale.starts}: process ${server.pid} ready`)
  }
  return { seconds }
}

async function isReady(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
  await response?.arrayBuffer()
  return response?.status === 200
}
