import { connect } from "node:net"
import { type RawReply, takeReply } from "./takeReply.ts"

/** Milliseconds within which the server has to have answered: far more than it needs on a busy machine. */
const DEADLINE = 15_000

/** A connection on which a test says what no HTTP client would. */
export interface RawConnection extends Disposable {
  /** Resolves when the system has opened it, whether or not the server knows of it. */
  opened: Promise<void>
  write(data: string | Uint8Array): void
  /** Says that nothing more will come. */
  end(): void
  /** The next answer, or null when the connection ends without one. `hasBody`: false for the answer to a HEAD. */
  read(options?: { hasBody?: boolean }): Promise<RawReply | null>
  /** Resolves when the server has closed it. */
  closed(): Promise<void>
  /** What the connection failed with, such as a reset; null while it did not. */
  error(): Error | null
}

export function openConnection(serverUrl: string): RawConnection {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(serverUrl).port) })
  let received = Buffer.alloc(0)
  let wake = () => {}
  // A server that closes while we still talk resets the connection, which is an end like any other.
  let failure: Error | null = null
  socket.on("error", (error) => {
    failure = error
  })
  socket.on("close", () => wake())
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes])
    wake()
  })

  const change = () =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the server said nothing in time")), DEADLINE)
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
        await change()
      }
    },
    async closed() {
      while (!socket.closed) await change()
    },
    error: () => failure,
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
