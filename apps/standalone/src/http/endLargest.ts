import type { Socket } from "node:net"
import { networkOf } from "./networkOf.ts"

/** What a client makes the server hold. */
export interface Held {
  socket: Pick<Socket, "remoteAddress">
  bytes: number
  /** Ends the exchange, and frees the bytes. */
  end(): void
}

/**
 * Ends exchanges until the rest hold no more than `maxBytes`. The clients with the most bytes lose theirs, each the first
 * one first. An IPv6 network counts as one client: it has enough addresses to leave every other client a share of nothing.
 */
export function endLargest(held: Iterable<Held>, maxBytes: number): void {
  const holding = [...held].filter(({ bytes }) => bytes > 0)
  let total = holding.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total <= maxBytes) return
  const byNetwork = new Map<string, { bytes: number; waiting: Held[] }>()
  for (const one of holding) {
    const network = networkOf(one.socket)
    const client = byNetwork.get(network) ?? { bytes: 0, waiting: [] }
    byNetwork.set(network, client)
    client.bytes += one.bytes
    client.waiting.push(one)
  }
  const clients = [...byNetwork.values()].sort((a, b) => b.bytes - a.bytes)
  const share = shareOf(clients, maxBytes)
  for (const client of clients) {
    for (const one of client.waiting) {
      if (client.bytes <= share || total <= maxBytes) break
      client.bytes -= one.bytes
      total -= one.bytes
      one.end()
    }
  }
}

/** The bytes that each client may keep, so that clients with fewer keep all of theirs. The largest client comes first. */
function shareOf(clients: readonly { bytes: number }[], maxBytes: number): number {
  let rest = maxBytes
  for (let left = clients.length; left > 0; left--) {
    const { bytes } = clients[left - 1] ?? { bytes: 0 }
    if (bytes > rest / left) return rest / left
    rest -= bytes
  }
  return Infinity
}
