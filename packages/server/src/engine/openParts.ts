import { describeError } from "@latchkey/api"
import { createAuth, createKeyring } from "@latchkey/auth"
import { type DatabaseHandle, DatabaseUnusable } from "@latchkey/db"
import type { Settings } from "../options/readOptions.ts"
import { openRestoreLog } from "../restoreLog/openRestoreLog.ts"
import { RestoreLogError } from "../restoreLog/restoreLogError.ts"
import { combineAuthObservers } from "../telemetry/combineObservers.ts"
import type { Telemetry } from "../telemetry/createTelemetry.ts"
import { authOptionsOf } from "./authOptions.ts"
import type { Internals, Opened } from "./internals.ts"
import type { toHandlerLogger } from "./logger.ts"
import { untilAborted } from "./untilAborted.ts"
import { watchReplication } from "./watchReplication.ts"

interface Context {
  openHandle: () => Promise<DatabaseHandle>
  /** Brings the schema up to date; undefined if it must be current already. */
  migrate: ((handle: DatabaseHandle) => Promise<void>) | undefined
  isEmbedded: boolean
  log: ReturnType<typeof toHandlerLogger>
  telemetry: Telemetry | null
  signal: AbortSignal
}

export type OpenParts = Opened & { handle: DatabaseHandle; close(): Promise<void> }

/** Other messages are not logged, as other software may have written them. */
const messageOf = (error: unknown) => (error instanceof RestoreLogError ? `: ${error.message}` : "")

/** @throws {DatabaseUnusable} unless the schema is current. */
async function requireMigrated(handle: DatabaseHandle) {
  const pending = await handle.pendingMigrations()
  if (pending.length === 0) return
  throw new DatabaseUnusable(
    `the database has ${pending.length} pending migrations; run npx --no-install latchkey migrate, or set the option migrate: "auto"`,
  )
}

/**
 * Opens the database, brings it in step with its restore log, and creates what verifies and changes keys.
 *
 * @throws the error of whatever failed, after everything has been closed again.
 */
export async function openParts(
  settings: Settings,
  internals: Internals,
  { openHandle, migrate, isEmbedded, log, telemetry, signal }: Context,
): Promise<OpenParts> {
  const handle = await openHandle()
  const closers: (() => unknown)[] = [() => handle.close()]
  async function close() {
    for (const end of closers.splice(0).reverse()) await end()
  }
  try {
    await (migrate ?? requireMigrated)(handle)
    signal.throwIfAborted()
    const replication = isEmbedded ? undefined : await watchReplication(handle.db, log, settings)
    closers.push(() => replication?.close())
    const secrets = {
      current:
        typeof settings.secret === "string" ? settings.secret : await untilAborted(settings.secret(), signal),
      previous: settings.previousSecret,
    }
    const opening = openRestoreLog(handle, {
      place: settings.restoreLog,
      token: settings.restoreLogToken,
      environment: internals.environment,
      afterRestore: settings.afterRestore,
      keyring: createKeyring(secrets),
      isEmbedded,
      log,
      onError: (error) =>
        log.error(
          { errors: [describeError(error)] },
          `the restore log can't be written; revocations are answered with 503${messageOf(error)}`,
        ),
      onCompactionError: (error) =>
        log.error(
          { errors: [describeError(error)] },
          `the restore log could not be compacted${messageOf(error)}`,
        ),
    })
    // Its store may take minutes, for which a server that is closed must not wait.
    const restoreLog = await untilAborted(opening, signal, (late) => late.close())
    closers.push(() => restoreLog.close())
    const observer = combineAuthObservers(internals.authObserver, telemetry?.authObserver)
    const created = createAuth(authOptionsOf(settings, internals, { db: handle.db, secrets, observer, log }))
    const auth = telemetry?.traceAuth(created) ?? created
    closers.push(() => auth.close())
    const endConnectionWatch = telemetry?.watchConnections(handle.usage)
    closers.push(() => endConnectionWatch?.())
    const opened = {
      ...{ auth, db: handle.db, usage: handle.usage, handle, close },
      replication: () => replication?.current(),
      restoreLog: restoreLog.status,
    }
    await internals.prepare?.(opened)
    return opened
  } catch (error) {
    await close()
    throw error
  }
}
