import type { LineFormat } from "./createLineWriter.ts"

/** An error in the log, as `describeError` of `@latchkey/api` returns it. */
interface LoggedError {
  type: string
  code?: string
  message?: string
  at?: string[]
  cause?: LoggedError
}

/** The fields of the log's lines that a person wants to see. */
interface Entry {
  level: number
  msg: string
  /** The number of the worker, if there are several. */
  worker?: number
  errors?: LoggedError[]
  // Of a request.
  method?: string
  route?: string
  status?: number
  durationMs?: number
  reasons?: string[]
  requestId?: string
  // Of the line that reports that the server is serving.
  url?: string
  metricsUrl?: string
  database?: string
  workers?: number
  awaitsFirstAccount?: boolean
}

const WARNING = 40
const ERROR = 50

/**
 * Creates the format of the log for people at a terminal: one short line per event, and the stack below an error.
 * Requests are left out, except for errors, and at the levels `debug` and `trace`.
 */
export function createTerminalFormat(logLevel: string): LineFormat {
  const showsRequests = logLevel === "debug" || logLevel === "trace"
  return (line) => {
    const entry = JSON.parse(line) as Entry
    if (entry.method !== undefined && entry.level < WARNING && !showsRequests) return null
    const details = (entry.errors ?? []).flatMap(describeError).map((text) => `  ${text}`)
    const worker = entry.worker === undefined ? "" : `worker ${entry.worker}: `
    const lines = [labelOf(entry.level) + worker + describe(entry), ...details]
    // A control character in a value could make the terminal do something, or display the line in another order.
    return `${lines.map((text) => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, "\uFFFD")).join("\n")}\n`
  }
}

function labelOf(level: number) {
  if (level >= ERROR) return "error: "
  return level >= WARNING ? "warning: " : ""
}

function describe(entry: Entry): string {
  if (entry.url !== undefined) return describeStart(entry)
  if (entry.method === undefined) return entry.msg
  const { method, route, status, reasons = [], durationMs, requestId } = entry
  return [method, route, status, ...reasons, `${durationMs} ms`, requestId].join(" ")
}

function describeStart({ url, metricsUrl, database, workers, awaitsFirstAccount }: Entry): string {
  return [
    "Latchkey",
    url,
    ...(metricsUrl === undefined ? [] : [`metrics at ${metricsUrl}`]),
    database === "embedded" ? "embedded database" : database,
    ...(workers === undefined ? [] : [`${workers} workers`]),
    ...(awaitsFirstAccount ? ["the first account becomes administrator"] : []),
  ].join("  ")
}

function describeError({ type, code, message, at = [], cause }: LoggedError): string[] {
  const name = code === undefined ? type : `${type} (${code})`
  const [first, ...others] = cause === undefined ? [] : describeError(cause)
  return [
    message === undefined ? name : `${name}: ${message}`,
    ...at.map((place) => `  at ${place}`),
    ...(first === undefined ? [] : [`caused by ${first}`, ...others]),
  ]
}
