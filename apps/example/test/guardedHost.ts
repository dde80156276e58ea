import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { serve } from "@hono/node-server"
import { createLatchkeyServer } from "@latchkey/server"
import { createTidewater } from "../src/createTidewater.ts"
import { openDatabase } from "../src/db/openDatabase.ts"
import { SCOPES } from "../src/latchkey.ts"
import { createSignIns } from "../src/signIns.ts"

export interface GuardedHostOptions {
  databaseUrl: string
  secret: string
  /** An identity provider. */
  issuer: string
  /** The provider's subjects who are administrators. */
  administrators: readonly string[]
}

/** Prints failures. Tests don't expect any. */
const logger = {
  info() {},
  warn() {},
  error: (details: object, message: string) =>
    void process.stderr.write(`${message}: ${JSON.stringify(details)}\n`),
}

/** Starts a Tidewater that also accepts the JWTs of an identity provider. */
export async function startGuardedHost({ databaseUrl, secret, issuer, administrators }: GuardedHostOptions) {
  const database = await openDatabase({ databaseUrl })
  const latchkey = createLatchkeyServer({
    databaseUrl,
    secret,
    scopes: SCOPES,
    migrate: "auto",
    trustedIssuers: [{ issuer, audience: "api", manage: "any" }],
    adminSubjects: administrators.map((subject) => ({ issuer, subject })),
    logger,
  })
  await latchkey.migrate()
  const app = createTidewater(database, createSignIns(database.db), latchkey)
  const server = serve({ fetch: app.fetch, port: 0 })
  await once(server, "listening")
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    latchkey,
    async [Symbol.asyncDispose]() {
      server.close()
      await latchkey.close()
      await database.close()
    },
  }
}
