import { once } from "node:events"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { startServerOnPostgres } from "../testServer.ts"
import { acceptedSocket } from "./acceptedSocket.ts"

// Anybody may request long files as often as they like, and read them slowly.

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})
afterAll(() => server[Symbol.asyncDispose]())

/** The memory that holds a file while a client reads it. */
async function memoryOf(path: string): Promise<ArrayBufferLike | null> {
  const { socket, accepted } = await acceptedSocket(server.url)
  let memory: ArrayBufferLike | null = null
  const write = accepted.write.bind(accepted)
  accepted.write = (chunk: string | Uint8Array, ...rest: []) => {
    if (chunk instanceof Uint8Array && chunk.byteLength > 100_000) memory = chunk.buffer
    return write(chunk, ...rest)
  }
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await once(socket.resume(), "end")
  return memory
}

async function findScript() {
  const page = await (await fetch(server.url, { headers: { accept: "text/html" } })).text()
  return /\/assets\/[^"]+\.js/.exec(page)?.[0] ?? ""
}

test.each([
  ["the API's document", async () => "/openapi.json"],
  ["the dashboard's script", findScript],
])("all clients that read %s share its bytes", async (_, findPath) => {
  const path = await findPath()
  const memory = await memoryOf(path)
  expect(memory).not.toBeNull()
  expect((await memoryOf(path)) === memory).toBe(true)
})
