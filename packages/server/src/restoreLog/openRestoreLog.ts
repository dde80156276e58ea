import type { Keyring } from "@latchkey/auth"
import { type DatabaseHandle, findDeployment, setLog } from "@latchkey/db"
import { compactLog } from "./compactLog.ts"
import { createLogWriter } from "./createLogWriter.ts"
import { reportSettled } from "./reportSettled.ts"
import { RestoreLogError } from "./restoreLogError.ts"
import { settleLog } from "./settleLog.ts"

export interface RestoreLog {
  close(): Promise<void>
}

interface Options {
  /** The log's folder; undefined if none is kept. */
  folder: string | undefined
  afterRestore: string | undefined
  keyring: Keyring
  log: { warn(message: string): void; info(details: object, message: string): void }
  /** Called with failures while the server runs. */
  onError: (error: unknown) => void
}

const DAY_MS = 86_400_000

/**
 * Brings the database in step with its restore log, and keeps the log from then on.
 *
 * @throws {RestoreLogError} if the server must not serve.
 */
export async function openRestoreLog(
  handle: DatabaseHandle,
  { folder, afterRestore, keyring, log, onError }: Options,
): Promise<RestoreLog> {
  if (folder === undefined) return refuseWithoutLog(handle)
  const settle = async (time?: string) => {
    const settled = await settleLog(handle, { folder, keyring, afterRestore: time })
    reportSettled(settled, { folder, afterRestore: time }, log)
    return settled
  }
  const settled = await settle(afterRestore)
  const { deploymentId } = settled
  const writer = createLogWriter(handle.db, settled, { folder, keyring, settle: () => settle(), onError })
  setLog(handle.db, writer)
  const compact = (signsAnew: boolean) =>
    compactLog({ folder, keyring }, { deploymentId, signsAnew }).catch(onError)
  let compacting = compact(!settled.isSignedAnew)
  const timer = setInterval(() => {
    compacting = compact(false)
  }, DAY_MS).unref()
  return {
    async close() {
      clearInterval(timer)
      await Promise.all([compacting, writer.close()])
    },
  }
}

/** Without the log, this instance's revocations would be missing from it. */
async function refuseWithoutLog({ db }: DatabaseHandle): Promise<RestoreLog> {
  if ((await findDeployment(db, undefined)) !== null) {
    throw new RestoreLogError(
      "this database keeps a restore log, so every instance needs its folder; docs/restore.md tells how to end the log",
    )
  }
  return { close: async () => {} }
}
