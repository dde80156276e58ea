import { once } from "node:events"
import type { IncomingMessage } from "node:http"
import { connect } from "node:net"
import { setImmediate as nextTurn } from "node:timers/promises"
import { expect, test } from "vitest"
import { serveHttp } from "../../test/http/serveHttp.ts"
import { takeTurns } from "./takeTurns.ts"

/** A turn has room for 32 requests. */
const PER_TURN = 32

function newTurns() {
  const take = takeTurns()
  const begun: string[] = []
  return {
    begun,
    /** Requests a turn on a new connection, which can be destroyed. */
    request(remoteAddress: string) {
      const socket = { remoteAddress, destroyed: false }
      const turn = take({ socket } as unknown as IncomingMessage)
      if (turn) turn.then(() => begun.push(remoteAddress))
      else begun.push(remoteAddress)
      return socket
    },
  }
}

test("a turn begins a few requests, and no network waits for another one's", async () => {
  const { begun, request } = newTurns()
  for (let n = 0; n < 500; n++) request("192.0.2.1")
  for (let n = 0; n < 500; n++) request(`2001:db8:0:${n.toString(16)}::1`)
  request("192.0.2.2")
  expect(begun).toHaveLength(PER_TURN)
  for (let turns = 2; begun.length < 1001; turns++) {
    await nextTurn()
    expect(begun.length).toBeLessThanOrEqual(turns * PER_TURN)
  }
  expect(begun.indexOf("192.0.2.2")).toBeLessThan(PER_TURN + 3)
  // The first network began earlier, and the two alternated.
  const ofFirst = begun.slice(PER_TURN, 500).filter((address) => address === "192.0.2.1")
  expect(Math.abs(2 * ofFirst.length - (500 - PER_TURN))).toBeLessThanOrEqual(2)
})

test("a connection that has ended takes nobody's turn", async () => {
  const { begun, request } = newTurns()
  for (let n = 0; n < 10 * PER_TURN; n++) {
    const socket = request("192.0.2.1")
    socket.destroyed = n >= PER_TURN
  }
  request("192.0.2.2")
  await nextTurn()
  expect(begun.slice(PER_TURN)).toEqual(["192.0.2.2"])
  await nextTurn()
  await nextTurn()
  request("192.0.2.3")
  expect(begun.at(-1)).toBe("192.0.2.3")
})

test("a server begins a few of the requests that wait for it, and then accepts connections", async () => {
  const inTurns: number[] = []
  let inThisTurn = 0
  const { port, countConnections } = await serveHttp(async (_, outgoing) => {
    if (inThisTurn++ === 0) {
      setImmediate(() => {
        inTurns.push(inThisTurn)
        inThisTurn = 0
      })
    }
    outgoing.end()
  })
  const sockets = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = connect({ port, host: "127.0.0.1" })
      await once(socket, "connect")
      return socket
    }),
  )
  await expect.poll(countConnections).toBe(200)

  const answers = sockets.map((socket) => once(socket, "data"))
  // All of them have arrived when the server looks.
  for (const socket of sockets) socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
  await Promise.all(answers)
  for (const socket of sockets) socket.destroy()

  await nextTurn()
  expect(inTurns.reduce((sum, count) => sum + count)).toBe(200)
  // Some begin as they arrive, and as many when the server has looked at all connections.
  expect(Math.max(...inTurns)).toBeLessThanOrEqual(2 * PER_TURN)
})
