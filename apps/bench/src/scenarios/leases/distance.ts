import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** A way to a server that takes time, as from another region. */
export interface Distance extends AsyncDisposable {
  /** The same URL by this way. */
  through(url: string): string
  /** Nothing passes any more. What was sent waits, as TCP would send it again. */
  cutOff(): void
  join(): void
}

/**
 * Delays what passes between a database and its clients, in a process and not in the network: kernels without `netem` can do
 * no better. Connections are made without delay.
 *
 * @param target the URL of the database.
 * @param roundTrip milliseconds there and back.
 */
export async function createDistance(target: string, roundTrip: number): Promise<Distance> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let isCutOff = false
  const resumed = new Set<() => void>()

  function pass(from: Socket, to: Socket) {
    const queue: { isDue: boolean; deliver: () => void }[] = []
    function flush() {
      while (!isCutOff && queue[0]?.isDue) queue.shift()?.deliver()
    }
    function later(deliver: () => void) {
      const piece = { isDue: false, deliver }
      queue.push(piece)
      setTimeout(() => {
        piece.isDue = true
        flush()
      }, roundTrip / 2)
    }
    sockets.add(from)
    resumed.add(flush)
    from.setNoDelay(true)
    from.on("data", (bytes) => later(() => to.write(bytes)))
    from.on("error", () => {})
    from.on("close", () => {
      sockets.delete(from)
      later(() => {
        resumed.delete(flush)
        to.destroy()
      })
    })
  }

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    pass(client, upstream)
    pass(upstream, client)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port: own } = server.address() as AddressInfo
  return {
    through(url) {
      const changed = new URL(url)
      changed.hostname = "127.0.0.1"
      changed.port = `${own}`
      return changed.href
    },
    cutOff() {
      isCutOff = true
    },
    join() {
      isCutOff = false
      for (const flush of resumed) flush()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
