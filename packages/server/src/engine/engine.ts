import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { type App, type AuthSource, createHandler, describeError } from "@latchkey/api"
import { AuthError } from "@latchkey/auth"
import { type DatabaseHandle, ping } from "@latchkey/db"
import { dashboardOf } from "../dashboardOf.ts"
import type { Settings } from "../options/readOptions.ts"
import { fenceUrlOf } from "../options/revocationFence.ts"
import { combineRequestObservers } from "../telemetry/combineObservers.ts"
import { createTelemetry } from "../telemetry/createTelemetry.ts"
import type { Internals, Opened } from "./internals.ts"
import { toHandlerLogger } from "./logger.ts"
import { openDatabase } from "./openDatabase.ts"
import { type OpenParts, openParts } from "./openParts.ts"
import { protectedResourceOf } from "./protectedResource.ts"

/** The parts of a server behind its public face. */
export interface Engine {
  readonly app: Pick<App, "fetch">
  readonly source: AuthSource
  /** Opens everything. @throws the error of whatever failed. */
  open(): Promise<Opened>
  /** @throws unless the database answers. */
  checkDatabase(): Promise<void>
  migrate(): Promise<void>
  flush(): Promise<void>
  /** After a response: passes a promise of the pending writes to `waitUntil`. */
  afterResponse(): void
  close(): Promise<void>
}

/** Creates the parts of a server. Opens nothing. */
export function createEngine(settings: Settings, internals: Internals): Engine {
  const log = toHandlerLogger(settings.logger)
  const url =
    internals.databaseUrl ?? settings.databaseUrl ?? pathToFileURL(join(process.cwd(), ".latchkey")).href
  const isEmbedded = !url.startsWith("postgres")
  const migrates = (settings.migrate ?? (isEmbedded ? "auto" : "check")) === "auto"
  const telemetry = createTelemetry((why) => log.warn(why))
  let opening: Promise<Opened> | undefined
  let opened: OpenParts | undefined
  const closing = new AbortController()
  const signal = AbortSignal.any([closing.signal, ...(internals.signal ? [internals.signal] : [])])
  let flushing: Promise<void> | undefined

  const openHandle = () =>
    openDatabase(url, {
      schema: settings.schema,
      maxConnections: settings.maxConnections,
      onQuery: internals.onQuery,
      onLeaseWait(seconds) {
        internals.onLeaseWait?.(seconds)
        telemetry?.onLeaseWait(seconds)
      },
      onStatement: telemetry?.onStatement,
      requireSynchronous: settings.requireSynchronous,
      fenceUrl: fenceUrlOf(settings),
    })

  const migrate = (handle: DatabaseHandle) =>
    handle.migrate({ signal, onWait: (reason) => log.info({}, reason) })

  async function openAll(): Promise<Opened> {
    if (closing.signal.aborted) throw new Error("this server has been closed")
    opened = await openParts(settings, internals, {
      ...{ openHandle, isEmbedded, log, telemetry, signal },
      migrate: migrates ? migrate : undefined,
    })
    return opened
  }

  /** Opens once. After a failure, the next call tries again. */
  function open(): Promise<Opened> {
    opening ??= openAll().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  const source: AuthSource = {
    get current() {
      return opened?.auth
    },
    async open() {
      try {
        return (await open()).auth
      } catch (cause) {
        throw new AuthError("UNAVAILABLE", "The service is temporarily unavailable; try again shortly.", {
          cause,
        })
      }
    },
  }

  async function checkDatabase() {
    const { db } = await open()
    await ping(db)
  }

  async function flush() {
    await opened?.auth.flush()
  }

  const app = createHandler({
    auth: source,
    log,
    observer: combineRequestObservers(internals.requestObserver, telemetry?.requestObserver),
    checkReady:
      internals.checkReady ??
      (() =>
        checkDatabase().then(
          () => null,
          (error: unknown) => ({ message: "The database does not answer.", error }),
        )),
    corsOrigins: settings.allowedOrigins,
    allowedOrigins: settings.allowedOrigins,
    protectedResource: protectedResourceOf(settings, internals.mountedAt),
    passwords: settings.passwords,
    keysNeedScope: settings.keysNeedScope,
    keyPrefix: settings.keyPrefix,
    trustProxy: internals.trustProxy,
    mountedAt: internals.mountedAt,
    dashboard: dashboardOf(settings, {
      registration: internals.registration,
      sendsMail: internals.sendMail !== undefined,
    }),
  })

  return {
    app: telemetry ? { fetch: telemetry.traceFetch(async (...args) => app.fetch(...args)) } : app,
    source,
    open,
    checkDatabase,
    async migrate() {
      if (opened) return migrate(opened.handle)
      const handle = await openHandle()
      try {
        await migrate(handle)
      } finally {
        await handle.close()
      }
    },
    flush,
    afterResponse() {
      const { waitUntil } = settings
      if (!waitUntil || flushing) return
      const pending = flush().finally(() => {
        flushing = undefined
      })
      flushing = pending
      // It may throw outside a request, or be asynchronous. The verdict stands.
      new Promise((resolve) => resolve(waitUntil(pending))).catch((error: unknown) =>
        log.error({ errors: [describeError(error)] }, "waitUntil failed"),
      )
    },
    async close() {
      closing.abort()
      await opening?.catch(() => {})
      if (!opened) return
      const closingParts = opened
      opened = undefined
      opening = undefined
      await closingParts.close()
    },
  }
}
