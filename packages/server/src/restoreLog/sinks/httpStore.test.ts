import { once } from "node:events"
import { createServer, type RequestListener, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { gate } from "@latchkey/test-postgres"
import { afterEach, beforeEach, expect, test } from "vitest"
import { RestoreLogError } from "../restoreLogError.ts"
import { createHttpStore } from "./httpStore.ts"
import { ObjectGone } from "./logSink.ts"
import { createObjectSink } from "./objectSink.ts"

const TOKEN = "a-token-that-no-message-has"
const objects = new Map<string, string>()
let answer: RequestListener | undefined
const methods: string[] = []

/** A store in memory, unless the test answers itself. */
const server = createServer(async (request, response) => {
  const name = (request.url ?? "").slice("/log/".length)
  methods.push(request.method ?? "")
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end()
  if (answer) return answer(request, response)
  let text = ""
  for await (const chunk of request) text += chunk
  if (request.method === "PUT") objects.set(name, text)
  if (request.method === "DELETE") objects.delete(name)
  if (request.method !== "GET") return void response.writeHead(204).end()
  const found =
    name === "" ? JSON.stringify([...objects.keys()].map((key) => ({ name: key }))) : objects.get(name)
  response.writeHead(found === undefined ? 404 : 200).end(found)
})

let url: string
beforeEach(async () => {
  objects.clear()
  methods.length = 0
  answer = undefined
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log/`
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, "close")
})

const open = (token = TOKEN) => createObjectSink(createHttpStore(url, { token }))

async function readAll(sink: ReturnType<typeof open>) {
  const lines = []
  for (const name of await sink.list()) for await (const line of sink.read(name)) lines.push(line)
  return lines.sort()
}

/** The messages of an error and its causes. */
function messagesOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${messagesOf(error.cause)}` : ""
}

async function failureOf(run: () => Promise<unknown>) {
  const error = await run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(RestoreLogError)
  expect(messagesOf(error)).not.toContain(TOKEN)
  return messagesOf(error)
}

test("each append is an object of its own, and many of them become one", async () => {
  const sink = open()
  const lines = Array.from({ length: 100 }, (_, index) => `line ${1_000 + index}`)
  for (const line of lines) await sink.append(`${line}\n`)
  await sink.close()
  expect(objects.size).toBeLessThan(3)
  expect(await readAll(sink)).toEqual(lines)
})

test("an object that arrives again, after it was merged, changes nothing", async () => {
  const sink = open()
  await sink.append("one\n")
  const late = new Map(objects)
  await sink.append("two\n")
  await sink.close()
  for (const [name, text] of late) objects.set(name, text)
  expect(new Set(await readAll(sink))).toEqual(new Set(["one", "two"]))
})

test("what the server does not store is an error: wrong token, redirect, 202, 500", async () => {
  expect(await failureOf(() => open("another").append("line\n"))).toContain("status 401")
  for (const status of [302, 307, 202, 500, 507]) {
    answer = (_, response) => void response.writeHead(status, { location: `${url}elsewhere` }).end()
    await failureOf(() => open().append("line\n"))
  }
  // No redirect was followed.
  expect(methods).toEqual(Array.from({ length: 6 }, () => "PUT"))
})

test("a list must be a whole JSON array of names", async () => {
  for (const text of ["", "<html>", "{}", "[1]", '[{"name":"a"', "null"]) {
    answer = (_, response) => void response.end(text)
    await failureOf(() => open().list())
  }
  answer = (_, response) => void response.end('["refused-1.json","20261127T120000000Z-0a1b2c3d.ndjson"]')
  expect(await open().list()).toEqual(["20261127T120000000Z-0a1b2c3d.ndjson"])
})

test("an object that is cut off, or gone, is told apart", async () => {
  const sink = open()
  await sink.append("one\n")
  const [name = ""] = await sink.list()
  const read = async () => {
    const lines = []
    for await (const line of sink.read(name)) lines.push(line)
    return lines
  }
  answer = (request, response: ServerResponse) => {
    if (request.url?.endsWith("/log/")) return void response.end(JSON.stringify([name]))
    response.writeHead(200, { "content-length": "1000" }).write("one\n")
    response.destroy()
  }
  await failureOf(read)
  answer = undefined
  objects.clear()
  await expect(read()).rejects.toThrow(ObjectGone)
})

test("a server that does not answer ends in an error, and a new append needs no answer of it", async () => {
  const held = gate()
  answer = async (_, response) => {
    await held.opened
    response.writeHead(201).end()
  }
  const sink = createObjectSink(createHttpStore(url, { token: TOKEN, writeMs: 100 }))
  expect(await failureOf(() => sink.append("late\n"))).toContain("TimeoutError")
  answer = undefined
  await sink.append("next\n")
  expect(await readAll(sink)).toEqual(["next"])
  held.open()
})
