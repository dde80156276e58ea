import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { pathToFileURL } from "node:url"
import { createHandler, describeError } from "@latchkey/api"
import { createAuth, defaultLimits, multiplyLimits } from "@latchkey/auth"
import { createDatabase, type Database, findRolesWithRights, parseDatabaseUrl, ping } from "@latchkey/db"
import { createMetrics } from "./createMetrics.ts"
import { createReadiness } from "./createReadiness.ts"
import { dashboardFolder } from "./dashboardFolder.ts"
import { drain } from "./drain.ts"
import type { Env } from "./env.ts"
import { listen } from "./listen.ts"
import type { Log } from "./log.ts"
import { readSecret } from "./readSecret.ts"
import { serveMetrics } from "./serveMetrics.ts"
import { during } from "./startFailure.ts"
import { waitForDatabase } from "./waitForDatabase.ts"

export interface RunningServer {
  url: string
  /** Null without `METRICS_PORT`. */
  metricsUrl: string | null
  /**
   * Reports not ready at `/readyz`, and keeps serving for a moment if a load balancer polls it. Then accepts no more
   * connections, finishes the requests in flight, writes what is still in memory, and closes the database.
   */
  stop(): Promise<void>
}

export interface StartOptions {
  /** Returns the number of dropped log lines, for the metrics. */
  droppedLines?: () => number
  /** Ends the start when aborted: it closes what it has opened, and fails. */
  signal?: AbortSignal
}

/**
 * Opens the database, migrates it, and serves.
 *
 * @throws {StartFailure}
 */
export async function start(
  env: Env,
  log: Log,
  { droppedLines = () => 0, signal }: StartOptions = {},
): Promise<RunningServer> {
  if (env.DATABASE_URL !== undefined) warnAboutIgnored(env.DATABASE_URL, log)
  else log.info(`opening the embedded database in ${env.DATA_DIR}`)
  const metrics = env.METRICS_PORT === undefined ? null : await createMetrics()
  const stage = env.DATABASE_URL === undefined ? "dataFolder" : "database"
  const database = await during(stage, () =>
    createDatabase(env.DATABASE_URL ?? pathToFileURL(env.DATA_DIR).href, {
      schema: env.DATABASE_SCHEMA,
      onQuery: metrics?.onQuery,
    }),
  )
  let metricsServer: Server | null = null
  try {
    metrics?.watchDatabase(database.usage)
    metrics?.watchLog(droppedLines)
    await during(stage, async () => {
      const onWait = (reason: string) => log.info(reason)
      await waitForDatabase(() => database.migrate({ signal, onWait }), log, signal)
      signal?.throwIfAborted()
      await warnAboutRights(database.db, log)
    })
    const auth = createAuth({
      db: database.db,
      secrets: {
        current: env.AUTH_SECRET ?? (await during("dataFolder", () => readSecret(env.DATA_DIR, log))),
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
      onBackgroundError: (error) => log.error({ errors: [describeError(error)] }, "background task failed"),
      observer: metrics?.auth,
    })
    metrics?.watchQueue(auth.queue.usage)
    const unregistered = await during(stage, () => auth.syncAdmins())
    if (unregistered > 0) {
      log.warn(
        `ADMIN_EMAILS: ${unregistered} without an account; anyone who registers with one becomes an administrator`,
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
    const { METRICS_PORT = 0, PORT, HOST: host, KEEP_ALIVE_TIMEOUT: keepAliveTimeout } = env
    const listening = { host, keepAliveTimeout, log }
    if (metrics) {
      metricsServer = await during("metrics", () =>
        serveMetrics(metrics, { ...listening, port: METRICS_PORT }),
      )
    }
    const server = await during("listening", () => listen(app, { ...listening, port: PORT }))
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

function warnAboutIgnored(databaseUrl: string, log: Log) {
  const { ignored } = parseDatabaseUrl(databaseUrl)
  if (ignored.length > 0) log.warn(`DATABASE_URL: parameters without effect here: ${ignored.join(", ")}`)
}

async function warnAboutRights(db: Database, log: Log) {
  const roles = await findRolesWithRights(db, undefined)
  if (roles.length === 0) return
  log.warn(
    `other roles have rights on Latchkey's tables; revoke what you have not granted: ${roles.join(", ")}`,
  )
}

function urlOf(server: Server, host: string) {
  const { port } = server.address() as AddressInfo
  return `http://${displayHost(host)}:${port}`
}

function displayHost(host: string) {
  if (host === "127.0.0.1") return "localhost"
  return host.includes(":") ? `[${host}]` : host
}
