import { setTimeout as sleep } from "node:timers/promises"
import type { Bench } from "../bench.ts"
import { LATCHKEY_SERVER, latchkeyEnv } from "../contenders.ts"
import { spread } from "../keys.ts"
import { type RunningContender, startContender } from "../runningContender.ts"

/** Starts and warms up a Latchkey server on the full table, which counts its bcrypts. */
export async function startScenarioServer(bench: Bench, name: string): Promise<RunningContender> {
  const { scale, secret } = bench
  const server = await startContender(bench, {
    name,
    title: name,
    script: LATCHKEY_SERVER,
    // The guesses simulate many addresses. With the default limits, those of one address would be rejected without
    // a bcrypt.
    env: { ...latchkeyEnv(secret), BENCH_COUNT_BCRYPTS: "1", RATE_LIMIT_FACTOR: "1000000" },
    database: scale.keys,
    path: "/trpc/auth.me",
    credentials: { keys: spread(scale.active, scale.keys) },
    connections: scale.connections,
  })
  const { url, credentials } = server
  await bench.load.run({ url, credentials, connections: scale.connections, ...scale.warmUp })
  return server
}

/** Waits until a server has finished its queued work. */
export async function untilIdle({ process }: RunningContender): Promise<void> {
  for (let last = await process.usage(); ; ) {
    await sleep(250)
    const now = await process.usage()
    if (now.cpuMicros - last.cpuMicros < 10_000) return
    last = now
  }
}
