import type { Socket } from "node:net"
import { siteBlock } from "@latchkey/auth"

/** Remembered, because to find it takes up to 20 µs, and thousands of connections are looked at twice a second. */
const networks = new WeakMap<Pick<Socket, "remoteAddress">, string>()

/** The network that a connection comes from: an IPv4 address, or all IPv6 addresses that one site may have. */
export function networkOf(socket: Pick<Socket, "remoteAddress">): string {
  const known = networks.get(socket)
  if (known !== undefined) return known
  const network = siteBlock(socket.remoteAddress ?? "")
  networks.set(socket, network)
  return network
}
