import { randomUUID } from "node:crypto"
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { describeError, type Failure, failure, restError, SAFE_HEADERS, TOO_MANY_CHUNKS } from "@latchkey/api"
import type { Log } from "../log.ts"

const MESSAGES = {
  400: "The request is not valid HTTP.",
  408: "The request took too long to arrive.",
  413: TOO_MANY_CHUNKS,
  431: "The request headers are too large, or too many.",
}

export type RefusalStatus = keyof typeof MESSAGES

/** The failure for a request that never reaches the app. */
export const invalidRequest = (status: RefusalStatus) =>
  failure(status === 413 ? "TOO_LARGE" : "INVALID_INPUT", MESSAGES[status])

/** The status for an error of Node's parser. */
export function refusalStatus(error: NodeJS.ErrnoException): RefusalStatus {
  if (error.code === "HPE_HEADER_OVERFLOW") return 431
  return error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400
}

/** Creates the last response of a connection, for a request that never reached the app, and logs it. */
export function lastResponse(refusal: Failure, status: number, log: Log, error?: unknown) {
  const requestId = randomUUID()
  const line = { requestId, status, ...(error !== undefined && { errors: [describeError(error)] }) }
  log[status >= 500 ? "error" : "info"](line, "refused")
  return {
    body: JSON.stringify(restError(refusal, requestId)),
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
 * Takes over a connection from Node, responds to the request that is refused, and closes it. This must not wait for
 * anything: Node no longer listens to errors of the socket, and an error without a listener ends the process.
 *
 * @param outgoing the response that Node has created for the request, if its headers were valid.
 */
export function refuse(
  socket: Socket & { _httpMessage?: ServerResponse | null },
  status: RefusalStatus,
  log: Log,
  outgoing?: ServerResponse,
): void {
  socket.on("error", () => {})
  // Already closing, perhaps in stages.
  if (!socket.writable) return
  const inFlight = socket._httpMessage
  // The client would mistake this response for the one to an earlier request.
  const isOfThis = status === 408 || inFlight === outgoing
  if (outgoing?.headersSent || (inFlight && (!isOfThis || inFlight.headersSent))) {
    socket.destroy()
    return
  }
  const { headers, body } = lastResponse(invalidRequest(status), status, log)
  const lines = Object.entries({ ...headers, "Content-Length": Buffer.byteLength(body) })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")
  socket.write(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`)
  socket.destroySoon()
}
