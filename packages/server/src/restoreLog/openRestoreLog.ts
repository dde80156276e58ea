import type { Keyring } from "@latchkey/auth"
import { type DatabaseHandle, findDeployment, setLog, tryLockCompaction } from "@latchkey/db"
import { compactLog } from "./compactLog.ts"
import { createLogWriter, type LogStatus } from "./createLogWriter.ts"
import { reportSettled } from "./reportSettled.ts"
import { RestoreLogError } from "./restoreLogError.ts"
import { settleLog } from "./settleLog.ts"
import { openSink, type SinkOptions } from "./sinks/openSink.ts"
import { withTimeout } from "./withTimeout.ts"

export interface RestoreLogStatus extends LogStatus {
  /** When this process last compacted the log, or found nothing to compact; null if it has not. */
  compactedAt: Date | null
}

export interface RestoreLog {
  /** Undefined if no log is kept. */
  status: (() => RestoreLogStatus) | undefined
  close(): Promise<void>
}

interface Options extends SinkOptions {
  /** Where the log is; undefined if none is kept. */
  place: string | undefined
  afterRestore: string | undefined
  keyring: Keyring
  /** Whether this process has the database to itself. */
  isEmbedded: boolean
  log: { warn(message: string): void; info(details: object, message: string): void }
  /** Called with failures while the server runs. */
  onError: (error: unknown) => void
  onCompactionError: (error: unknown) => void
}

const DAY_MS = 86_400_000

/**
 * How long, in a rolling update, an instance with the earlier secret may go on after the last one with the current secret has
 * started. SECURITY.md has operators wait longer before they remove the earlier secret.
 */
const OVERLAP_MS = 10 * 60_000

/** How long a server that stops waits for a compaction, which another process can repeat. */
const CLOSING_MS = 2_000

/**
 * Brings the database in step with its restore log, and keeps the log from then on.
 *
 * @throws {RestoreLogError} if the server must not serve.
 */
export async function openRestoreLog(
  handle: DatabaseHandle,
  { place, token, environment, afterRestore, keyring, isEmbedded, log, onError, onCompactionError }: Options,
): Promise<RestoreLog> {
  if (place === undefined) return refuseWithoutLog(handle)
  const sink = openSink(place, { token, environment })
  const settle = async (time?: string) => {
    const settled = await settleLog(handle, { sink, keyring, afterRestore: time })
    reportSettled(settled, { afterRestore: time }, log)
    return settled
  }
  const settled = await settle(afterRestore)
  const writer = createLogWriter(handle.db, settled, { sink, keyring, settle: () => settle(), onError })
  setLog(handle.db, writer)

  let compactedAt: Date | null = null
  async function compactOnce(signsAnew: boolean) {
    const { deploymentId, history } = writer.current()
    await compactLog({ sink, keyring }, { deploymentId, history, signsAnew })
    compactedAt = new Date()
  }
  async function compact(signsAnew: boolean) {
    try {
      if (isEmbedded) await compactOnce(signsAnew)
      else await handle.runLong(async (tx) => (await tryLockCompaction(tx)) && compactOnce(signsAnew))
    } catch (error) {
      onCompactionError(error)
    }
  }
  const isRotating = keyring.previous.length > 0
  let compacting = compact(!settled.isSignedAnew)
  const compactAgain = () => {
    compacting = compacting.then(() => compact(isRotating))
  }
  const timers = [setInterval(compactAgain, DAY_MS).unref()]
  if (isRotating) timers.push(setTimeout(compactAgain, OVERLAP_MS).unref())
  return {
    status: () => ({ ...writer.status(), compactedAt }),
    async close() {
      for (const timer of timers) clearInterval(timer)
      const compacted = withTimeout(compacting, CLOSING_MS, () => new Error("too late")).catch(() => {})
      await Promise.all([compacted, writer.close()])
      await sink.close()
    },
  }
}

/** Without the log, this instance's revocations would be missing from it. */
async function refuseWithoutLog({ db }: DatabaseHandle): Promise<RestoreLog> {
  if ((await findDeployment(db, undefined)) !== null) {
    throw new RestoreLogError(
      "this database keeps a restore log, so every instance needs to know its place; docs/restore.md tells how to end the log",
    )
  }
  return { status: undefined, close: async () => {} }
}
