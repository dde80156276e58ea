import { createLatchkeyServer } from "@latchkey/server"
import { databaseUrl } from "./parts/environment.ts"
import { serveInProcess } from "./parts/serveInProcess.ts"

const latchkey = createLatchkeyServer({
  databaseUrl: databaseUrl(),
  secret: process.env.AUTH_SECRET,
  verifyLease: Number(process.env.VERIFY_LEASE ?? 0),
})

/** `authenticate` as a host calls it for each of its requests. */
serveInProcess(
  (apiKey) => new Headers({ "x-api-key": apiKey }),
  async (headers) => (await latchkey.authenticate(headers, { method: "GET" })).ok,
)
