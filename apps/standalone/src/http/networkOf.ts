import type { Socket } from "node:net"
import { addressBlock } from "@latchkey/auth"

/** Remembered, because to find it takes up to 20 µs, and thousands of connections are looked at twice a second. */
const networks = new WeakMap<Pick<Socket, "remoteAddress">, string>()

/** The network that a connection comes from: an IPv4 address, or a block of IPv6 addresses, which one client can have. */
export function networkOf(socket: Pick<Socket, "remoteAddress">): string {
  const known = networks.get(socket)
  if (known !== undefined) return known
  const network = addressBlock(socket.remoteAddress ?? "")
  networks.set(socket, network)
  return network
}
