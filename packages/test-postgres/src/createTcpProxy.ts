import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

type Side = "server" | "database"

/** A way from a server under test to its database, which the test can watch, cut, clog, hold and mend. */
export async function createTcpProxy(target: URL) {
  let destination = target
  const sockets = new Set<Socket>()
  /** Whatever they send disappears. */
  const mute = new Set<Socket>()
  let clogged = false
  /** What one side sends is kept back, in order. */
  let hold: { from: Side; pieces: (() => void)[]; onFirst: () => void } | null = null
  let onPiece = (_from: Side) => {}
  const link = createServer((client) => {
    const upstream = connect(Number(destination.port), destination.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      if (clogged) mute.add(from)
      from.on("data", (bytes) => {
        const side = from === client ? "server" : "database"
        onPiece(side)
        if (hold?.from === side) {
          hold.pieces.push(() => to.write(bytes))
          hold.onFirst()
        } else if (!mute.has(from)) to.write(bytes)
      })
      from.on("close", () => to.destroy())
      from.on("error", () => to.destroy())
    }
  })
  link.listen(0, "127.0.0.1")
  await once(link, "listening")
  const url = new URL(target)
  const address = link.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  url.port = String(address.port)

  async function cut() {
    for (const socket of sockets) socket.destroy()
    if (!link.listening) return
    const closed = once(link, "close")
    link.close()
    await closed
  }
  return {
    url: url.href,
    cut,
    /** Whatever is sent from now on disappears; nobody is told. */
    clog() {
      clogged = true
      for (const socket of sockets) mute.add(socket)
    },
    /** For new connections; those that went mute stay so. */
    async mend() {
      clogged = false
      if (link.listening) return
      link.listen(address.port, "127.0.0.1")
      await once(link, "listening")
    },
    /** Where new connections lead from now on. */
    redirect(next: URL) {
      destination = next
    },
    /** Holds back what one side sends; resolves when there is something. */
    hold: (from: Side) =>
      new Promise<void>((resolve) => {
        hold = { from, pieces: [], onFirst: resolve }
      }),
    /** Passes on what was held, and holds no more. */
    release() {
      const pieces = hold?.pieces ?? []
      hold = null
      for (const pass of pieces) pass()
    },
    /** Calls with every piece that comes, before it is passed on. */
    watch(listener: typeof onPiece) {
      onPiece = listener
    },
    [Symbol.asyncDispose]: cut,
  }
}
