import { once } from "node:events"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { createSendMail } from "./createSendMail.ts"

const MAIL = {
  kind: "passwordReset" as const,
  to: "ada@example.com",
  url: "https://keys.company.tld/reset-password#token=x",
  expiresAt: new Date(),
}

/** Begins a reply of many lines, and sends another one again and again. */
function reply(socket: Socket) {
  const timer = setInterval(() => socket.write("250-wait\r\n"), 10)
  socket.on("close", () => clearInterval(timer))
}

test.each(["", "?pool=true"])(
  "a server whose reply never ends does not hold a mail for ever (parameters: %j)",
  async (parameters) => {
    const server = createServer((socket) => {
      socket.on("error", () => {})
      socket.write("220 mail\r\n")
      socket.on("data", () => reply(socket))
    })
    server.listen(0, "127.0.0.1")
    onTestFinished(() => void server.close())
    await once(server, "listening")
    const connected = once(server, "connection") as Promise<[Socket]>
    const { port } = server.address() as AddressInfo
    const send = createSendMail(`smtp://127.0.0.1:${port}${parameters}`, {
      from: { name: "", address: "keys@company.tld" },
      product: "Acme",
      maxMs: 500,
    })
    await expect(send(MAIL)).rejects.toMatchObject({ name: "MailNotSent", code: "EABORT" })
    const [socket] = await connected
    if (!socket.closed) await once(socket, "close")
  },
)
