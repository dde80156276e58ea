// The server is an app without exports, so its parts are imported by path.
import { createHandler, openSource } from "@latchkey/api"
import { listen } from "../../../standalone/src/http/listen.ts"
import { createLog } from "../../../standalone/src/log.ts"
import { port } from "./parts/environment.ts"
import { openAuth } from "./parts/fixedCaller.ts"

/** Latchkey's server without authentication. */
const log = createLog("warn")
const app = createHandler({
  auth: openSource(openAuth),
  log,
  observer: null,
  checkReady: async () => null,
  corsOrigins: [],
  trustProxy: 0,
  mountedAt: null,
  dashboard: null,
})
await listen(app, { port: port(), host: "127.0.0.1", keepAliveTimeout: 75, log })
