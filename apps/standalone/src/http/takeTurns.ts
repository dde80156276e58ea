import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { networkOf } from "./networkOf.ts"

/** How many requests begin in one turn of the event loop: some milliseconds of work. */
const PER_TURN = 32

interface Waiting {
  socket: Socket
  begin(): void
}

/**
 * Spreads requests over the turns of the event loop. Node accepts one connection in each turn, so turns must stay short: if
 * each served every connection that has sent a request, a client that keeps some thousand connections busy would keep new
 * clients waiting for many seconds. Networks take turns, so such a client waits for itself.
 *
 * @returns a function that returns undefined if a request can begin at once. The promise never resolves when the connection
 *   ends first.
 */
export function takeTurns(): (incoming: IncomingMessage) => Promise<void> | undefined {
  /** By network, the one whose turn is next first. */
  const networks = new Map<string, Waiting[]>()
  let begun = 0

  function beginNext(): boolean {
    for (const [network, waiting] of networks) {
      const next = waiting.shift()
      networks.delete(network)
      if (waiting.length > 0) networks.set(network, waiting)
      if (!next || next.socket.destroyed) continue
      next.begin()
      return true
    }
    return false
  }

  function endTurn() {
    begun = 0
    while (begun < PER_TURN && beginNext()) begun++
    if (begun > 0) setImmediate(endTurn)
  }

  return ({ socket }) => {
    if (begun < PER_TURN) {
      if (begun === 0) setImmediate(endTurn)
      begun++
      return undefined
    }
    return new Promise((begin) => {
      const network = networkOf(socket)
      const waiting = networks.get(network) ?? []
      networks.set(network, waiting)
      waiting.push({ socket, begin })
    })
  }
}
