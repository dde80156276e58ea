import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

/** A way from a server under test to its database, which the test can watch, cut, clog, hold and mend. */
export async function createLink(target: URL) {
  const sockets = new Set<Socket>()
  /** Whatever they send disappears. */
  const mute = new Set<Socket>()
  let clogged = false
  /** The database's answers that are held back; null: they pass. */
  let held: (() => void)[] | null = null
  let onBytes = (_from: "server" | "database") => {}
  const link = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      if (clogged) mute.add(from)
      from.on("data", (bytes) => {
        onBytes(from === client ? "server" : "database")
        if (from === upstream && held) held.push(() => to.write(bytes))
        else if (!mute.has(from)) to.write(bytes)
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
    /** Holds the database's answers back; resolves when there is one. */
    holdAnswers() {
      const answers: (() => void)[] = []
      held = answers
      return new Promise<void>((resolve) => {
        onBytes = (from) => {
          if (from === "database") resolve()
        }
      })
    },
    releaseAnswers() {
      const answers = held ?? []
      held = null
      for (const pass of answers) pass()
    },
    /** Calls with every piece that passes, before it is passed on. */
    watch(listener: typeof onBytes) {
      onBytes = listener
    },
    [Symbol.asyncDispose]: cut,
  }
}
