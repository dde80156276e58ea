// The server is an app without exports, so its parts are imported by path.
import { createApp } from "../../../../packages/api/src/createHandler.ts"
import { listen } from "../../../server/src/listen.ts"
import { createLog } from "../../../server/src/log.ts"
import { port } from "./parts/environment.ts"
import { openAuth } from "./parts/fixedCaller.ts"

/** Latchkey's server without authentication. */
const log = createLog("warn")
const app = createApp({
  auth: openAuth,
  log,
  metrics: null,
  checkReady: async () => null,
  corsOrigins: [],
  trustProxy: 0,
  refreshTokenTtl: 1,
  dashboard: null,
})
await listen(app, { port: port(), host: "127.0.0.1", keepAliveTimeout: 75, log })
