import type { KeyRange } from "./keys.ts"

/** The credentials of a stream, which its requests use in rotation. */
export type Credentials =
  | { keys: KeyRange }
  /** Sent as the forms of introspection requests by the holder of `apiKey`. */
  | { introspected: KeyRange; apiKey: string }
  | { header: "x-api-key" | "authorization" | "cookie"; values: string[] }

/** Requests to one URL. Each connection sends its next request when it has received the response to the previous one. */
export interface StreamOptions {
  url: string
  credentials: Credentials
  /** Absent: GET. */
  method?: "POST"
  headers?: Record<string, string>
  body?: string
  connections: number
  /** The stream ends after this time or after `amount` responses, whichever comes first. One is required. */
  seconds?: number
  amount?: number
  /** Requests per second over all connections; default: no limit. */
  rate?: number
}

export interface LoadResult {
  /** The number of responses by status. */
  statuses: Record<string, number>
  /** Failed connections and timed-out requests. */
  errors: number
  seconds: number
  /** Milliseconds. */
  p50: number
  p99: number
}
