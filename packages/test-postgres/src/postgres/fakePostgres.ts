import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { TLSSocket } from "node:tls"

export interface FakePostgres extends AsyncDisposable {
  port: number
  /** How many connections have been refused so far. */
  refused: number
}

export interface FakePostgresOptions {
  /** The SQLSTATE with which it refuses connections. */
  code: string
  /** In PEM. Without it the server does not support TLS. */
  tls?: { cert: string; key: string }
  /** After this many refusals, it forwards connections to another port. */
  passAfter?: { refusals: number; port: number }
}

/** The codes of a first message: a request for TLS, or the start of protocol 3.0. */
const SSL_REQUEST = 80_877_103
const STARTUP = 196_608

/** Starts a server that speaks just enough of the PostgreSQL protocol to refuse connections. */
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
    if (kind === STARTUP) {
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
