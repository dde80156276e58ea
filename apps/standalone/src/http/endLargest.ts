import type { Socket } from "node:net"

/** What a client makes the server hold. */
export interface Held {
  socket: Socket
  bytes: number
  /** Ends the exchange, and frees the bytes. */
  end(): void
}

/**
 * Ends exchanges until the rest hold no more than `maxBytes`. The address with the most bytes loses its first exchange
 * first.
 */
export function endLargest(held: Iterable<Held>, maxBytes: number): void {
  const byAddress = new Map<string, { bytes: number; waiting: Held[] }>()
  let total = 0
  for (const one of held) {
    if (one.bytes === 0) continue
    const address = one.socket.remoteAddress ?? ""
    const client = byAddress.get(address) ?? { bytes: 0, waiting: [] }
    byAddress.set(address, client)
    client.bytes += one.bytes
    client.waiting.push(one)
    total += one.bytes
  }
  while (total > maxBytes) {
    const [largest] = [...byAddress.values()].sort((a, b) => b.bytes - a.bytes)
    const first = largest?.waiting.shift()
    if (!largest || !first) return
    largest.bytes -= first.bytes
    total -= first.bytes
    first.end()
  }
}
