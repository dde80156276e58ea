import { randomUUID } from "node:crypto"
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { describeError, type Failure, failure, restError, SAFE_HEADERS } from "@latchkey/api"
import type { Log } from "./log.ts"

const MESSAGES = {
  400: "The request is not valid HTTP.",
  408: "The request took too long to arrive.",
  431: "The request's headers are too large.",
}

export type RefusalStatus = keyof typeof MESSAGES

export const invalidRequest = (status: RefusalStatus) => failure("INVALID_INPUT", MESSAGES[status])

/** The status for an error of Node's parser. */
export function refusalStatusOf(error: NodeJS.ErrnoException): RefusalStatus {
  if (error.code === "HPE_HEADER_OVERFLOW") return 431
  return error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400
}

/** Logs and writes the last answer of a connection, for a request that the app never sees. */
export function lastAnswer(answer: Failure, status: number, log: Log, error?: unknown) {
  const requestId = randomUUID()
  const line = { requestId, status, ...(error !== undefined && { errors: [describeError(error)] }) }
  log[status >= 500 ? "error" : "info"](line, "refused")
  return {
    body: JSON.stringify(restError(answer, requestId)),
    headers: {
      ...SAFE_HEADERS,
      "Content-Type": "application/json",
      "X-Request-Id": requestId,
      "Cache-Control": "no-store",
      Connection: "close",
    },
  }
}

/**
 * Takes over a connection from Node, answers what its parser refused, and closes. Nothing here may wait: Node no longer
 * listens to the errors of such a socket, and one without a listener ends the process.
 */
export function refuse(
  socket: Socket & { _httpMessage?: ServerResponse | null },
  status: RefusalStatus,
  log: Log,
): void {
  socket.on("error", () => {})
  // Closed already, perhaps in stages.
  if (!socket.writable) return
  const underWay = socket._httpMessage
  // An answer to an earlier request is still to come, and this one would take its place.
  if (underWay && (status !== 408 || underWay.headersSent)) {
    socket.destroy()
    return
  }
  const { headers, body } = lastAnswer(invalidRequest(status), status, log)
  const lines = Object.entries({ ...headers, "Content-Length": Buffer.byteLength(body) })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")
  socket.write(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`)
  socket.destroySoon()
}
