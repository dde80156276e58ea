import type { MetricsSnapshot } from "../metrics/createMetrics.ts"

/** The primary's requests to a worker, each with the type of its answer. */
export interface Answers {
  metrics: MetricsSnapshot
  /** Reports not ready from now on. The answer is whether a load balancer polls it. */
  announceStop: boolean
  /** From now on, responds to no client, so that clients open no more connections, and answers `accepted`. */
  hold: null
  /** How many connections the worker has accepted since it was last asked. */
  accepted: number
  /** Accepts no more connections once it is disconnected, and then answers. A worker that is still starting exits. */
  stop: null
  /** Responds to the waiting requests, and exits. */
  respond: null
}

export type Question = keyof Answers

/** From the primary. */
export interface Asked {
  id: number
  question: Question
}

/** How a worker serves. */
export interface Serving {
  url: string
  awaitsFirstAccount: boolean
}

/** From a worker. */
export type Told =
  | { kind: "answer"; id: number; answer: unknown }
  | { kind: "serving"; serving: Serving }
  /** Why the worker could not start, for the operator. */
  | { kind: "failed"; why: string }
