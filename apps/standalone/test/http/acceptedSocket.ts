import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { onTestFinished } from "vitest"

/**
 * Opens a connection to a server in this process. `accepted` is the server's end of it.
 *
 * @param whenFinished of the test's context, if the test is concurrent.
 */
export async function acceptedSocket(
  serverUrl: string,
  whenFinished: typeof onTestFinished = onTestFinished,
): Promise<{ socket: Socket; accepted: Socket }> {
  const socket = connect({ port: Number(new URL(serverUrl).port), host: "127.0.0.1" })
  socket.on("error", () => {})
  whenFinished(() => void socket.destroy())
  const accepted = new Promise<Socket>((resolve) => {
    const onSocket = (message: unknown) => {
      const { socket: other } = message as { socket: Socket }
      if (other.remotePort !== socket.localPort) return
      unsubscribe("net.server.socket", onSocket)
      resolve(other)
    }
    subscribe("net.server.socket", onSocket)
  })
  await once(socket, "connect")
  return { socket, accepted: await accepted }
}
