import type { AddressInfo } from "node:net"
import { pathToFileURL } from "node:url"
import { createAuth, defaultLimits, multiplyLimits } from "@latchkey/auth"
import { createDatabase, ping } from "@latchkey/db"
import { createApp } from "./app.ts"
import { dashboardFolder } from "./dashboardFolder.ts"
import { drain } from "./drain.ts"
import type { Env } from "./env.ts"
import { listen } from "./listen.ts"
import { describeError, type Log } from "./log.ts"
import { readSecret } from "./readSecret.ts"

export interface RunningServer {
  url: string
  /** Stops taking requests, finishes those under way, writes what is in memory, and lets go of the database. */
  stop(): Promise<void>
}

/**
 * Opens the database, brings it up to date, and serves.
 *
 * @throws {DataFolderInUse} when another process has the embedded database.
 */
export async function start(env: Env, log: Log): Promise<RunningServer> {
  if (env.DATABASE_URL === undefined) log.info(`opening the embedded database in ${env.DATA_DIR}`)
  const database = await createDatabase(env.DATABASE_URL ?? pathToFileURL(env.DATA_DIR).href)
  try {
    await database.migrate()
    const auth = createAuth({
      db: database.db,
      secrets: {
        current: env.AUTH_SECRET ?? (await readSecret(env.DATA_DIR)),
        previous: env.AUTH_SECRET_PREVIOUS,
      },
      accessTokenTtl: env.ACCESS_TOKEN_TTL,
      refreshTokenTtl: env.REFRESH_TOKEN_TTL,
      bcryptCost: env.BCRYPT_COST,
      registration: env.REGISTRATION,
      maxKeysPerUser: env.MAX_KEYS_PER_USER,
      limits: multiplyLimits(defaultLimits, env.RATE_LIMIT_FACTOR),
      onBackgroundError: (error) => log.error({ errors: [describeError(error)] }, "background"),
    })
    let stopping = false
    const app = createApp({
      auth,
      log,
      checkReady: async () => {
        if (stopping) throw new Error("stopping")
        await ping(database.db)
      },
      corsOrigins: env.CORS_ORIGINS,
      trustProxy: env.TRUST_PROXY,
      refreshTokenTtl: env.REFRESH_TOKEN_TTL,
      dashboard: dashboardFolder(),
    })
    const server = await listen(app, { port: env.PORT, host: env.HOST, log })
    const { port } = server.address() as AddressInfo
    return {
      url: `http://${displayHost(env.HOST)}:${port}`,
      async stop() {
        stopping = true
        await drain(server)
        await auth.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

function displayHost(host: string) {
  if (host === "127.0.0.1") return "localhost"
  return host.includes(":") ? `[${host}]` : host
}
