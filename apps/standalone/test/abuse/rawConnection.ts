import { connect } from "node:net"
import { type RawReply, takeReply } from "./takeReply.ts"

/** Milliseconds in which the server must send something: far more than it needs, even on a busy machine. */
const DEADLINE = 30_000

/** A TCP connection on which a test can send bytes that no HTTP client would. */
export interface RawConnection extends Disposable {
  /** Resolves when the kernel has opened the connection, whether or not the server has accepted it. */
  opened: Promise<void>
  write(data: string | Uint8Array): void
  /** Closes the client's side of the connection. */
  end(): void
  /** The next response, or null if the connection ends without one. Pass `hasBody: false` after a HEAD. */
  read(options?: { hasBody?: boolean }): Promise<RawReply | null>
  /** Resolves when the server has closed the connection. */
  closed(): Promise<void>
  /** The connection's error, such as a reset, or null. */
  error(): Error | null
}

/** Opens a connection to a server. Reading and waiting reject after 30 s without any event. */
export function openConnection(serverUrl: string): RawConnection {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(serverUrl).port) })
  let received = Buffer.alloc(0)
  let wake = () => {}
  // A server that closes while the client still sends may reset the connection. Tests treat that as a close.
  let failure: Error | null = null
  socket.on("error", (error) => {
    failure = error
  })
  socket.on("close", () => wake())
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes])
    wake()
  })

  const nextEvent = () =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the server did not respond in time")), DEADLINE)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  return {
    opened: new Promise((resolve) => socket.once("connect", resolve)),
    write: (data) => void socket.write(data),
    end: () => void socket.end(),
    async read({ hasBody = true } = {}) {
      for (;;) {
        const taken = takeReply(received, hasBody)
        if (taken) {
          received = taken.rest
          return taken.reply
        }
        if (socket.closed) return null
        await nextEvent()
      }
    },
    async closed() {
      while (!socket.closed) await nextEvent()
    },
    error: () => failure,
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
