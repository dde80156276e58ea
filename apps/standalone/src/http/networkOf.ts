import type { Socket } from "node:net"
import { siteBlock } from "@latchkey/auth"

/** The network that a connection comes from: an IPv4 address, or all IPv6 addresses that one site may have. */
export const networkOf = (socket: Pick<Socket, "remoteAddress">): string =>
  siteBlock(socket.remoteAddress ?? "")
