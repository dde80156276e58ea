import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { gate } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { startLatchkey, type TestScope } from "../../test/startLatchkey.ts"
import type { LatchkeyServer } from "../types.ts"
import * as onExpress from "./express.ts"
import * as onNode from "./node.ts"

type Guarded = (...request: Parameters<RequestListener>) => Promise<void>

const guards: Record<string, (latchkey: LatchkeyServer<TestScope>, admit: () => void) => Guarded> = {
  node: (latchkey, admit) => onNode.guard(latchkey)(admit),
  express: (latchkey, admit) => (request, response) => onExpress.guard(latchkey)(request, response, admit),
}

async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Hosts end a request that takes too long. Then nobody waits for the promise of a guard, so it must not reject. */
test.for(
  Object.keys(guards).flatMap((name) => [
    [name, "refused", null] as const,
    [name, "accepted", { subject: "ada" }] as const,
  ]),
)("%s: a caller who is %s after the host has responded changes nothing", async ([name, , identity]) => {
  const verdict = gate()
  await using started = await startLatchkey(inject("postgresUrl"), {
    async identify() {
      await verdict.opened
      return identity
    },
  })
  let isAdmitted = false
  const guarded = guards[name]?.(started.latchkey, () => {
    isAdmitted = true
  })
  let guarding: Promise<void> | undefined
  const url = await listen((request, response) => {
    guarding = guarded?.(request, response)
    response.writeHead(504).end("too late")
  })

  const response = await fetch(url)
  expect([response.status, await response.text()]).toEqual([504, "too late"])
  verdict.open()

  await expect(guarding).resolves.toBeUndefined()
  expect(isAdmitted).toBe(false)
})
