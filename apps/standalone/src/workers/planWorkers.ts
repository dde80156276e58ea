import { availableParallelism } from "node:os"
import { type Env, mostWorkers } from "../env.ts"
import type { WorkerShare } from "../start/start.ts"

export interface WorkerPlan {
  /** How many processes serve; 1 for a server without workers. */
  workers: number
  /** Why there are fewer than `WORKERS` asks for. */
  note: string | null
}

type Variables = Pick<Env, "WORKERS" | "DATABASE_URL" | "DATABASE_CONNECTIONS">

/** Decides how many workers serve. */
export function planWorkers(env: Variables, cores = availableParallelism()): WorkerPlan {
  const wanted = env.WORKERS === "auto" ? cores : env.WORKERS
  if (env.DATABASE_URL === undefined) {
    const note = "WORKERS: only one process can open the embedded database, so there is one worker"
    return { workers: 1, note: wanted > 1 ? note : null }
  }
  const workers = Math.min(wanted, mostWorkers(env.DATABASE_CONNECTIONS))
  const note = `WORKERS: ${workers} for ${cores} cores, as each worker needs 2 of DATABASE_CONNECTIONS`
  return { workers, note: workers < wanted ? note : null }
}

/** Divides the connections to the database, and the cores that may run bcrypts, between the workers. */
export function shareOf(
  worker: number,
  workers: number,
  { DATABASE_CONNECTIONS }: Variables,
  cores = availableParallelism(),
): WorkerShare {
  const rest = DATABASE_CONNECTIONS % workers
  return {
    connections: Math.floor(DATABASE_CONNECTIONS / workers) + (worker <= rest ? 1 : 0),
    bcrypts: Math.max(1, Math.floor((cores - 1) / workers)),
  }
}
