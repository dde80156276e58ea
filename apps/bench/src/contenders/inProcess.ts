import { createLatchkeyServer } from "@latchkey/server"
import { databaseUrl } from "./parts/environment.ts"
import { serveInProcess } from "./parts/serveInProcess.ts"

const latchkey = createLatchkeyServer({
  databaseUrl: databaseUrl(),
  secret: process.env.AUTH_SECRET,
})

/** `authenticate` as a host calls it for each of its requests. */
serveInProcess(
  async (apiKey) => (await latchkey.authenticate(new Headers({ "x-api-key": apiKey }), { method: "GET" })).ok,
)
