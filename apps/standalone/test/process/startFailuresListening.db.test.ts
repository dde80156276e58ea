import { once } from "node:events"
import { createServer } from "node:net"
import { createMigratedDatabase } from "@latchkey/db/test"
import type { TestDatabase } from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { explainStartFailure } from "../../src/start/explainStartFailure.ts"
import { StartFailure } from "../../src/start/startFailure.ts"
import { newSecret } from "../testServer.ts"
import { startFailureMessage } from "./startFailureMessage.ts"

describe("PORT, METRICS_PORT and HOST", () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createMigratedDatabase(inject("postgresUrl"))
  })
  afterAll(() => database[Symbol.asyncDispose]())
  const messageFor = (variables: Record<string, string>) =>
    startFailureMessage({ DATABASE_URL: database.url, AUTH_SECRET: newSecret(), ...variables })

  test("a port that is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1")
    await once(other, "listening")
    const address = other.address()
    if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
    const taken = String(address.port)

    expect(await messageFor({ PORT: taken })).toMatch(/^PORT: expected a port that is free .*\(EADDRINUSE\)$/)
    expect(await messageFor({ METRICS_PORT: taken })).toMatch(/^METRICS_PORT: expected a port that is free/)
    other.close()
  })

  test.each(["203.0.113.1", "no-such-host.invalid", "300.1.1.1"])("HOST=%s", async (HOST) => {
    expect(await messageFor({ HOST })).toMatch(/^HOST: expected an address of this machine/)
    expect(await messageFor({ HOST, METRICS_PORT: "0" })).toMatch(/^HOST: /)
  })

  test("a port that this user may not listen on", () => {
    const failure = new StartFailure("listening", Object.assign(new Error(), { code: "EACCES" }))
    expect(explainStartFailure(failure)).toBe(
      "PORT: expected a port that is free and may be listened on (EACCES)",
    )
  })
})
