import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { TLSSocket } from "node:tls"

export interface FakePostgres extends AsyncDisposable {
  port: number
  /** How many sessions were refused so far. */
  refused: number
}

export interface FakePostgresOptions {
  /** SQLSTATE with which it refuses sessions. */
  code: string
  /** In PEM; without it there is no TLS. */
  tls?: { cert: string; key: string }
  /** After so many refusals it passes connections on. */
  passAfter?: { refusals: number; port: number }
}

/** What a first message asks for: TLS, or a session of protocol 3.0. */
const SSL_REQUEST = 80_877_103
const SESSION = 196_608

/** A server that speaks just enough of the PostgreSQL protocol to refuse a session as a test wants it. */
export async function startFakePostgres({
  code,
  tls,
  passAfter,
}: FakePostgresOptions): Promise<FakePostgres> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}))
    answer(socket).catch(() => socket.destroy())
  })

  async function answer(socket: Socket): Promise<void> {
    if (passAfter && fake.refused >= passAfter.refusals) return pass(socket, passAfter.port)
    const [message]: Buffer[] = await once(socket, "data")
    const kind = message?.readInt32BE(4)
    if (kind === SESSION) {
      fake.refused++
      socket.end(errorResponse(code))
    } else if (kind !== SSL_REQUEST) {
      socket.destroy()
    } else if (tls) {
      socket.write("S")
      await answer(new TLSSocket(socket, { isServer: true, ...tls }).on("error", () => {}))
    } else {
      socket.write("N")
      await answer(socket)
    }
  }

  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  const fake: FakePostgres = {
    port: address.port,
    refused: 0,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return fake
}

function pass(socket: Socket, port: number) {
  const upstream = connect(port, "127.0.0.1").on("error", () => socket.destroy())
  socket.pipe(upstream).pipe(socket)
  socket.on("close", () => upstream.destroy())
}

function errorResponse(code: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0Mrefused by the test\0\0`)
  const head = Buffer.alloc(5, "E")
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
