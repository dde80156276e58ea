import type { KeyRange } from "./keys.ts"

/** What the requests of a stream carry, each the next one. */
export type Credentials =
  | { keys: KeyRange }
  | { header: "x-api-key" | "authorization" | "cookie"; values: string[] }

/** Requests for one path, over connections that each send the next one when the last was answered. */
export interface StreamOptions {
  url: string
  credentials: Credentials
  /** Absent: GET. */
  method?: "POST"
  headers?: Record<string, string>
  body?: string
  connections: number
  /** How long, or until `amount` requests are answered, or what comes first. One is needed. */
  seconds?: number
  amount?: number
  /** Requests a second over all connections; absent: as fast as answers come. */
  rate?: number
}

export interface LoadResult {
  /** How many answers there were of each status. */
  statuses: Record<string, number>
  /** Connections that broke and requests that ran out of time. */
  errors: number
  seconds: number
  /** Milliseconds. */
  p50: number
  p99: number
}
