import type { Server } from "node:http"
import type { Socket } from "node:net"
import { getHeapStatistics } from "node:v8"
import { networkOf } from "./networkOf.ts"

/**
 * More than a complete request with the largest headers takes while it waits for its turn. All connections may send one at
 * the same moment, and Node reads them all before anything can end them.
 */
const BYTES_OF_CONNECTION = 64 * 1024

/** How many connections may be open at once, so that a request on each of them fits into the heap. */
const connectionsThatFit = () => Math.floor(getHeapStatistics().heap_size_limit / BYTES_OF_CONNECTION)

/**
 * Ends connections when there are more than fit into the memory. The network with the most connections loses the oldest of
 * them.
 */
export function limitConnections(server: Server, max = connectionsThatFit()): void {
  /** By network, the oldest connection first. */
  const open = new Map<string, Set<Socket>>()
  let count = 0

  function forget(network: string, socket: Socket) {
    const connections = open.get(network)
    if (!connections?.delete(socket)) return
    count--
    if (connections.size === 0) open.delete(network)
  }

  function endOne() {
    const [network, connections] = [...open].reduce((most, one) => (one[1].size > most[1].size ? one : most))
    const [oldest] = connections
    if (!oldest) return
    forget(network, oldest)
    oldest.destroy()
  }

  server.on("connection", (socket) => {
    const network = networkOf(socket)
    const connections = open.get(network) ?? new Set()
    open.set(network, connections.add(socket))
    count++
    socket.once("close", () => forget(network, socket))
    if (count > max) endOne()
  })
}
