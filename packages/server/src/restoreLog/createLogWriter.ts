import { type ChangeLog, type Database, DatabaseUnavailable, findChanges, markLogged } from "@latchkey/db"
import { CHANGES_PER_LINE, signLines } from "./logLine.ts"
import type { LogPlace } from "./look.ts"
import { createSegment } from "./segment.ts"
import type { SettledLog } from "./settled.ts"

export interface LogWriter extends ChangeLog {
  close(): Promise<void>
}

/** How long an answer waits for the log. */
const PATIENCE_MS = 2_000

/** How often changes are looked for that no answer waits for, such as those by hand. */
const EVERY_MS = 1_000

/**
 * Appends the changes of the database to the log. Calls under way share one read and one sync.
 *
 * @param options.settle brings a database that lacks changes of the log in step again, after a failover or a restore.
 * @param options.onError called with failures to write, and to settle: once until it works again.
 */
export function createLogWriter(
  db: Database,
  settled: SettledLog,
  {
    folder,
    keyring,
    settle,
    onError,
  }: LogPlace & { settle: () => Promise<SettledLog>; onError: (error: unknown) => void },
): LogWriter {
  const segment = createSegment(folder)
  let { deploymentId, position, at } = settled
  let marked = 0
  let replaced: DatabaseUnavailable | undefined
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  let hasFailed = false
  let isClosed = false

  function report(error: unknown) {
    if (!hasFailed && !isClosed) onError(error)
    hasFailed = true
  }

  async function appendChanges(): Promise<void> {
    const first = await findChanges(db, { after: position, limit: CHANGES_PER_LINE })
    const isSame = first.deploymentId === deploymentId && first.to >= position && first.lastAt === at
    if (!isSame) {
      replaced ??= new DatabaseUnavailable("the database lacks changes that the restore log has")
      throw new Error("the database lacks changes that the restore log has")
    }
    if (first.to > first.from) {
      if (first.deletedTo > first.from) throw new Error("changes were deleted that the restore log lacks")
      const changes = [...first.changes]
      for (let cursor = first.next; cursor; ) {
        const page = { to: first.to, cursor }
        const more = await findChanges(db, { after: position, page, limit: CHANGES_PER_LINE })
        changes.push(...more.changes)
        cursor = more.next
      }
      const { from, to } = first
      const lines = signLines({ deployment: deploymentId, from, to, at: first.at, changes }, keyring)
      try {
        await segment.append(lines.map(({ text }) => text).join(""))
      } catch (error) {
        report(error)
        throw error
      }
    }
    hasFailed = false
    position = first.to
    at = first.at
  }

  /** Joins a run that has not begun to read. */
  function run(): Promise<void> {
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        running = appendChanges()
        return running
      })
    return next
  }

  async function settleAgain() {
    try {
      const again = await settle()
      ;({ deploymentId, position, at } = again)
      replaced = undefined
      hasFailed = false
    } catch (error) {
      report(error)
    }
  }

  async function look() {
    // Failures are reported where they happen.
    if (!replaced) await run().catch(() => {})
    if (replaced) await settleAgain()
    else if (marked < position) {
      const to = position
      await markLogged(db, { to, at })
      marked = to
    }
  }

  let looking: Promise<void> | undefined
  const timer = setInterval(() => {
    looking ??= look()
      .catch(() => {})
      .finally(() => {
        looking = undefined
      })
  }, EVERY_MS).unref()

  return {
    async write() {
      let timeout: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timeout = setTimeout(() => {
          const error = new Error("the restore log did not answer in time")
          report(error)
          reject(error)
        }, PATIENCE_MS)
      })
      try {
        await Promise.race([run(), late])
      } catch (cause) {
        throw new DatabaseUnavailable("done, but the restore log does not have it", { cause, begun: true })
      } finally {
        clearTimeout(timeout)
      }
    },
    refuseReplaced() {
      if (replaced) throw replaced
    },
    refuseUnwritable() {
      if (hasFailed) throw new DatabaseUnavailable("the restore log can't be written")
    },
    async close() {
      clearInterval(timer)
      await looking
      await look().catch(() => {})
      isClosed = true
      await segment.close()
    },
  }
}
