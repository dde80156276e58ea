import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { acceptedSocket } from "../acceptedSocket.ts"
import { registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})
afterAll(() => server[Symbol.asyncDispose]())

/** Milliseconds that other clients wait. */
const DEADLINE = 20_000

/** Requests for the dashboard's script whose responses exceed what the kernel buffers for a connection. */
const REQUESTS = 20

/** Opens a connection. `cutOff` resolves when the server closes its end, which a client that does not read can't see. */
async function openSocket() {
  const { socket, accepted } = await acceptedSocket(server.url)
  const cutOff = new Promise<void>((resolve) => accepted.once("close", () => resolve()))
  return { socket, cutOff }
}

async function everySecondUntil(cutOff: Promise<void>, act: () => void) {
  const timer = setInterval(act, 1_000)
  await cutOff
  clearInterval(timer)
}

async function readSlowly() {
  const page = await (await fetch(server.url, { headers: { accept: "text/html" } })).text()
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

test("clients that read or send one byte per second delay nobody, and are cut off eventually", async () => {
  const { apiKey } = await registerWithKey(server.url)
  const head =
    "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
  const clients = [readSlowly(), sendSlowly("", head), sendSlowly(head, "{}")]
  let isOver = false
  const done = Promise.all(clients).finally(() => {
    isOver = true
  })

  while (!isOver) {
    const signal = AbortSignal.timeout(DEADLINE)
    expect((await rest(server.url, "GET", "/auth/me", { apiKey, signal })).status).toBe(200)
    await sleep(200)
  }
  await done
})
