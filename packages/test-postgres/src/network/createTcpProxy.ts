import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

type Side = "server" | "database"

/** Returns the data to pass on, given the data that one side has sent. The first piece begins the connection. */
type Rewrite = (bytes: Buffer, from: Side, isFirst: boolean) => Buffer

/**
 * Starts a proxy between a server under test and its database, which the test can disconnect, mute, hold and observe.
 *
 * @param rewrite changes the data that is passed on. By default, nothing is changed.
 */
export async function createTcpProxy(target: URL, rewrite: Rewrite = (bytes) => bytes) {
  let destination = target
  const sockets = new Set<Socket>()
  /** The data of these sockets is discarded. */
  const muted = new Set<Socket>()
  let isMuting = false
  /** The data of one side, held back in order. */
  let hold: { from: Side; pieces: (() => void)[]; onFirst: () => void } | null = null
  let onPiece = (_from: Side) => {}
  const proxy = createServer((client) => {
    const upstream = connect(Number(destination.port), destination.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      if (isMuting) muted.add(from)
      from.setNoDelay(true)
      let isFirst = true
      from.on("data", (received) => {
        const side = from === client ? "server" : "database"
        const bytes = rewrite(received, side, isFirst)
        isFirst = false
        onPiece(side)
        if (hold?.from === side) {
          hold.pieces.push(() => to.write(bytes))
          hold.onFirst()
        } else if (!muted.has(from)) to.write(bytes)
      })
      from.on("close", () => to.destroy())
      from.on("error", () => to.destroy())
    }
  })
  proxy.listen(0, "127.0.0.1")
  await once(proxy, "listening")
  const url = new URL(target)
  const address = proxy.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  url.port = String(address.port)

  async function disconnect() {
    for (const socket of sockets) socket.destroy()
    if (!proxy.listening) return
    const closed = once(proxy, "close")
    proxy.close()
    await closed
  }
  return {
    url: url.href,
    /** Closes all connections, and refuses new ones. */
    disconnect,
    /** Discards everything that is sent from now on, without closing connections. */
    mute() {
      isMuting = true
      for (const socket of sockets) muted.add(socket)
    },
    /** Accepts and passes on new connections again. Muted ones stay muted. */
    async reconnect() {
      isMuting = false
      if (proxy.listening) return
      proxy.listen(address.port, "127.0.0.1")
      await once(proxy, "listening")
    },
    /** Sets the destination of new connections. */
    redirect(next: URL) {
      destination = next
    },
    /** Holds the data that one side sends. Resolves when there is some. */
    hold: (from: Side) =>
      new Promise<void>((resolve) => {
        hold = { from, pieces: [], onFirst: resolve }
      }),
    /** Passes on the held data, and stops holding. */
    release() {
      const pieces = hold?.pieces ?? []
      hold = null
      for (const pass of pieces) pass()
    },
    /** Calls a listener with the sender of every piece of data, before it is passed on. */
    observe(listener: typeof onPiece) {
      onPiece = listener
    },
    [Symbol.asyncDispose]: disconnect,
  }
}
