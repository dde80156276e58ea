import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { pathToFileURL } from "node:url"
import { createHandler, describeError } from "@latchkey/api"
import { createAuth, defaultLimits, multiplyLimits } from "@latchkey/auth"
import { createDatabase, ping } from "@latchkey/db"
import { createMetrics, type Metrics } from "./createMetrics.ts"
import { createReadiness } from "./createReadiness.ts"
import { dashboardFolder } from "./dashboardFolder.ts"
import { drain } from "./drain.ts"
import { type Env, EnvError } from "./env.ts"
import { listen } from "./listen.ts"
import type { Log } from "./log.ts"
import { readSecret } from "./readSecret.ts"
import { serveMetrics } from "./serveMetrics.ts"

export interface RunningServer {
  url: string
  /** Null without `METRICS_PORT`. */
  metricsUrl: string | null
  /**
   * Says at `/readyz` that it stops, and if somebody has been asking there goes on for a moment; then stops taking
   * requests, finishes those under way, writes what is in memory, and lets go of the database.
   */
  stop(): Promise<void>
}

/**
 * Opens the database, brings it up to date, and serves.
 *
 * @param droppedLines how many lines of the log were dropped, for the metrics.
 * @throws {DataFolderInUse} when another process has the embedded database.
 */
export async function start(
  env: Env,
  log: Log,
  droppedLines: () => number = () => 0,
): Promise<RunningServer> {
  if (env.DATABASE_URL === undefined) log.info(`opening the embedded database in ${env.DATA_DIR}`)
  const metrics = env.METRICS_PORT === undefined ? null : await createMetrics()
  const database = await createDatabase(env.DATABASE_URL ?? pathToFileURL(env.DATA_DIR).href, {
    onQuery: metrics?.onQuery,
  })
  let metricsServer: Server | null = null
  try {
    metrics?.watchDatabase(database.usage)
    metrics?.watchLog(droppedLines)
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
      adminEmails: env.DATABASE_URL === undefined && env.ADMIN_EMAILS.length === 0 ? null : env.ADMIN_EMAILS,
      auditRetentionDays: env.AUDIT_RETENTION_DAYS,
      limits: multiplyLimits(defaultLimits, env.RATE_LIMIT_FACTOR),
      onBackgroundError: (error) => log.error({ errors: [describeError(error)] }, "background"),
      observer: metrics?.auth,
    })
    metrics?.watchQueue(auth.queue.usage)
    const unregistered = await auth.syncAdmins()
    if (unregistered > 0) {
      log.warn(
        `ADMIN_EMAILS: ${unregistered} without an account; whoever registers one becomes an administrator`,
      )
    }
    const readiness = createReadiness(() => ping(database.db))
    const app = createHandler({
      auth,
      log,
      observer: metrics,
      checkReady: readiness.check,
      corsOrigins: env.CORS_ORIGINS,
      trustProxy: env.TRUST_PROXY,
      dashboard: dashboardFolder(),
    })
    if (metrics) metricsServer = await listenForMetrics(metrics, env, log)
    const server = await listen(app, {
      port: env.PORT,
      host: env.HOST,
      keepAliveTimeout: env.KEEP_ALIVE_TIMEOUT,
      log,
    })
    return {
      url: urlOf(server, env.HOST),
      metricsUrl: metricsServer && `${urlOf(metricsServer, env.HOST)}/metrics`,
      async stop() {
        await readiness.announceStop()
        await drain(server)
        await auth.close()
        await database.close()
        metricsServer?.close()
        metricsServer?.closeAllConnections()
      },
    }
  } catch (error) {
    metricsServer?.close()
    await database.close()
    throw error
  }
}

async function listenForMetrics(metrics: Metrics, env: Env, log: Log) {
  const { METRICS_PORT: port = 0, HOST: host, KEEP_ALIVE_TIMEOUT: keepAliveTimeout } = env
  const options = { port, host, keepAliveTimeout, log }
  return serveMetrics(metrics, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE" && error.code !== "EACCES") throw error
    throw new EnvError([`METRICS_PORT: expected a port that is free and may be listened on (${error.code})`])
  })
}

function urlOf(server: Server, host: string) {
  const { port } = server.address() as AddressInfo
  return `http://${displayHost(host)}:${port}`
}

function displayHost(host: string) {
  if (host === "127.0.0.1") return "localhost"
  return host.includes(":") ? `[${host}]` : host
}
