import { expect, type onTestFinished } from "vitest"
import { acceptedSocket } from "./acceptedSocket.ts"

/** Requests for the dashboard's script whose responses exceed what the kernel buffers for a connection. */
const REQUESTS = 20

const HEAD =
  "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"

/**
 * Clients of a server in this process that read a response, or send a request's headers or its body, one byte per
 * second. Each resolves when the server has cut it off.
 */
export function startSlowClients(url: string, whenFinished: typeof onTestFinished): Promise<void>[] {
  /** `cutOff` resolves when the server closes its end, which a client that does not read can't see. */
  async function openSocket() {
    const { socket, accepted } = await acceptedSocket(url, whenFinished)
    const cutOff = new Promise<void>((resolve) => accepted.once("close", () => resolve()))
    return { socket, cutOff }
  }

  async function readSlowly() {
    const page = await (await fetch(url, { headers: { accept: "text/html" } })).text()
    const script = /\/assets\/[^"]+\.js/.exec(page)?.[0]
    expect(script).toBeDefined()
    const { socket, cutOff } = await openSocket()
    socket.pause()
    socket.write(`GET ${script} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(REQUESTS))
    await everySecondUntil(cutOff, () => socket.read(1))
    socket.destroy()
  }

  async function sendSlowly(atOnce: string, slowly: string) {
    const { socket, cutOff } = await openSocket()
    socket.resume()
    socket.write(atOnce)
    const bytes = [...slowly]
    await everySecondUntil(cutOff, () => socket.write(bytes.shift() ?? " "))
    socket.destroy()
  }

  return [readSlowly(), sendSlowly("", HEAD), sendSlowly(HEAD, "{}")]
}

async function everySecondUntil(cutOff: Promise<void>, act: () => void) {
  const timer = setInterval(act, 1_000)
  await cutOff
  clearInterval(timer)
}
